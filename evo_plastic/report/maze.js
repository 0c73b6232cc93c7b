// A maze as a picture: walls, start, goal, the way so far, the agent and the window it sees.
// Cell (x, y) lies x cells down and y to the right.

// Read off the page, since written out the namespace would look like an address to load from.
const SVG = document.getElementById("picture").namespaceURI;

function svg(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function html(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function isWall(life, [x, y]) {
  return life.walls[x * life.size + y] === "1";
}

const same = (one, other) => one[0] === other[0] && one[1] === other[1];

// Positions of a rollout, one more than its steps: a move into a wall stays in place.
function walk(life, actions, moves) {
  const way = [life.start];
  for (const action of actions) {
    const [x, y] = way.at(-1);
    const [dx, dy] = moves[action];
    const there = [x + dx, y + dy];
    way.push(isWall(life, there) ? [x, y] : there);
  }
  return way;
}

// The nine numbers the network is given of the cells around it, row by row.
function windowAround(life, [x, y], cells) {
  const values = [];
  for (const dx of [-1, 0, 1]) {
    for (const dy of [-1, 0, 1]) {
      const cell = [x + dx, y + dy];
      const free = same(cell, life.goal) ? cells.goal : cells.free;
      values.push(isWall(life, cell) ? cells.wall : free);
    }
  }
  return values;
}

function drawWalls(life) {
  let outline = "";
  for (let i = 0; i < life.walls.length; i++) {
    if (life.walls[i] === "1") outline += `M${i % life.size},${Math.floor(i / life.size)}h1v1h-1z`;
  }
  return svg("path", { d: outline, class: "walls" });
}

function drawMaze(picture, life, way, step) {
  const size = life.size;
  const [x, y] = way[step];
  const [startX, startY] = life.start;
  const [goalX, goalY] = life.goal;
  const trail = [];
  for (let i = 1; i <= step; i++) {
    const [from, to] = [way[i - 1], way[i]];
    trail.push(svg("line", {
      x1: from[1] + 0.5, y1: from[0] + 0.5, x2: to[1] + 0.5, y2: to[0] + 0.5,
      class: "way", opacity: (0.2 + (0.8 * i) / step).toFixed(2),
    }));
  }
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.replaceChildren(
    svg("rect", { width: size, height: size, class: "floor" }),
    drawWalls(life),
    svg("circle", { cx: startY + 0.5, cy: startX + 0.5, r: 0.28, class: "start" }),
    svg("path", {
      d: `M${goalY + 0.5},${goalX + 0.05}l.45,.45l-.45,.45l-.45,-.45z`, class: "goal",
    }),
    ...trail,
    svg("rect", { x: y - 1, y: x - 1, width: 3, height: 3, class: "window" }),
    svg("circle", { id: "agent", cx: y + 0.5, cy: x + 0.5, r: 0.27, class: "agent" }),
  );
}

function drawWindow(table, values, cells) {
  const kinds = Object.fromEntries(Object.entries(cells).map(([kind, value]) => [value, kind]));
  const rows = [0, 3, 6].map((first) => {
    const row = values.slice(first, first + 3).map((value, i) => {
      const centre = first + i === 4 ? " centre" : "";
      return html("td", { class: kinds[value] + centre }, shown(value));
    });
    return html("tr", {}, ...row);
  });
  table.replaceChildren(table.caption, html("tbody", {}, ...rows));
}

// A number as text with a true minus sign.
function shown(value, digits = 0) {
  return value.toFixed(digits).replace("-", "\u2212");
}

// The viewer: which lifetime, rollout and step are shown, and what moves between them.

const data = JSON.parse(document.getElementById("lifetimes-data").textContent);
const at = (id) => document.getElementById(id);
const MOVES = { "-1,0": "↑ up", "1,0": "↓ down", "0,-1": "← left", "0,1": "→ right" };
const ENDS = { reached: "goal reached", failed: "goal not reached", diverged: "diverged" };

const now = { set: 0, life: null, rollout: 0, step: 0, timer: null };

for (const set of data.sets) {
  for (const life of set.lifetimes) {
    life.size = set.size;
    let first = 0;
    for (const rollout of life.rollouts) {
      rollout.way = walk(life, rollout.actions, data.moves);
      rollout.first = first;
      first += rollout.actions.length;
    }
  }
}

const charts = makeCharts();

function makeCharts() {
  const note = (text) => at("charts").append(html("p", { class: "note" }, text));
  const found = [];
  const add = (title, key, atMost) => {
    const every = data.sets.flatMap((set) => set.lifetimes.flatMap((life) => life[key].flat()));
    const chart = new Chart(title, scaleOf(every, atMost), goTo);
    at("charts").append(chart.element);
    found.push({ key, chart });
  };
  if (!data.connections.length) {
    note("This network has no plastic connection: its weights stay as they evolved, and nothing "
      + "is modulated.");
    return found;
  }
  if (data.modulated) add("Modulation m", "modulation", 1);
  else note("This network has no modulation: m is 1 in every step.");
  add("Movement of the memories |ΔW|", "movement");
  return found;
}

function reward(rollout, step) {
  const ended = step === rollout.actions.length;
  if (ended && rollout.outcome === "diverged") return "none";
  const goal = ended && rollout.outcome === "reached" ? data.reward.goal : 0;
  return shown(data.reward.step * step + goal, 2);
}

function told(rollout) {
  const steps = rollout.actions.length;
  const taken = `${steps} ${steps === 1 ? "step" : "steps"}`;
  return `reward ${reward(rollout, steps)}, ${taken}, ${ENDS[rollout.outcome]}`;
}

function chooseSet(set) {
  now.set = set;
  const lifetimes = data.sets[set].lifetimes;
  at("maze").replaceChildren(...lifetimes.map((life, i) =>
    html("option", { value: i }, `number ${life.maze}, shortest path ${life.shortest}`)));
  const middle = set === 0 ? data.first : Math.floor(lifetimes.length / 2);
  at("maze").value = middle;
  chooseMaze(middle);
}

function chooseMaze(maze) {
  now.life = data.sets[now.set].lifetimes[maze];
  at("rollouts").replaceChildren(...now.life.rollouts.map((rollout, r) => {
    const button = html("button", { type: "button" },
      html("b", {}, `Rollout ${r + 1}`), html("span", {}, told(rollout)));
    button.addEventListener("click", () => show(r, 0));
    return button;
  }));
  drawCharts();
  show(0, 0);
}

function drawCharts() {
  const ends = now.life.rollouts.map(({ actions, outcome }) =>
    ({ steps: actions.length, reached: outcome === "reached" }));
  for (const { key, chart } of charts) chart.draw(now.life[key], ends);
  moveCursors();
}

function moveCursors() {
  const { first } = now.life.rollouts[now.rollout];
  for (const { chart } of charts) chart.moveCursor(first + now.step);
}

function show(rollout, step) {
  now.rollout = rollout;
  now.step = step;
  const { actions, way } = now.life.rollouts[rollout];
  drawMaze(at("picture"), now.life, way, step);
  at("picture").setAttribute("aria-label",
    `Maze ${now.life.maze}, rollout ${rollout + 1}, step ${step}`);
  drawWindow(at("view"), windowAround(now.life, way[step], data.cells), data.cells);
  [...at("rollouts").children].forEach((button, r) =>
    button.setAttribute("aria-pressed", r === rollout));
  at("time").max = actions.length;
  at("time").value = step;
  at("now").replaceChildren(...moment().flatMap(([id, name, value]) =>
    [html("dt", {}, ...name), html("dd", { id }, value)]));
  moveCursors();
}

// What the list beside the maze says: id, name as nodes, value.
function moment() {
  const { rollout, step, life } = now;
  const { actions, way, first } = life.rollouts[rollout];
  const ended = step === actions.length;
  const measured = (values) => {
    const value = ended ? null : values[first + step];
    return value === null ? "–" : value.toPrecision(3).replace("-", "\u2212");
  };
  const rows = [
    ["now-rollout", ["Rollout"], `${rollout + 1} of ${life.rollouts.length}`],
    ["now-step", ["Step"], `${step} of ${actions.length}`],
    ["now-reward", ["Reward so far"], reward(life.rollouts[rollout], step)],
    ["now-move", ["Next move"], nextMove()],
    ["now-decides", ["p of deciding"], measured(life.decides)],
  ];
  data.connections.forEach(({ name, letter }, i) => {
    const swatch = () => html("span", { class: `swatch connection-${i}` });
    const sub = () => html("sub", {}, letter);
    if (data.modulated) {
      const title = [swatch(), "m", sub(), ` ${name}`];
      rows.push([`now-m-${letter}`, title, measured(life.modulation[i])]);
    }
    const title = [swatch(), "|ΔW", sub(), `| ${name}`];
    rows.push([`now-movement-${letter}`, title, measured(life.movement[i])]);
  });
  return rows;
}

function nextMove() {
  const { actions, way, outcome } = now.life.rollouts[now.rollout];
  if (now.step === actions.length) return `none, ${ENDS[outcome]}`;
  const stays = same(way[now.step], way[now.step + 1]);
  return MOVES[String(data.moves[actions[now.step]])] + (stays ? ", into the wall" : "");
}

// Whether there was a step to go.
function go(by) {
  const { rollout, step, life } = now;
  const steps = (r) => life.rollouts[r].actions.length;
  if (step + by >= 0 && step + by <= steps(rollout)) show(rollout, step + by);
  else if (by > 0 && rollout + 1 < life.rollouts.length) show(rollout + 1, 0);
  else if (by < 0 && rollout > 0) show(rollout - 1, steps(rollout - 1));
  else return false;
  return true;
}

// total: steps since the beginning of the lifetime
function goTo(total) {
  const rollouts = now.life.rollouts;
  const inside = rollouts.findLastIndex((rollout) => rollout.first <= total);
  const rollout = Math.max(0, inside);
  const steps = rollouts[rollout].actions.length;
  show(rollout, Math.min(steps, Math.max(0, total - rollouts[rollout].first)));
}

function pause() {
  clearTimeout(now.timer);
  now.timer = null;
  at("play").textContent = "Play";
}

function play() {
  at("play").textContent = "Pause";
  const tick = () => {
    if (go(1)) now.timer = setTimeout(tick, 1000 / at("speed").value);
    else pause();
  };
  const last = now.life.rollouts.length - 1;
  const over = now.rollout === last && now.step === now.life.rollouts[last].actions.length;
  if (over) show(0, 0);
  now.timer = setTimeout(tick, 1000 / at("speed").value);
}

const toggle = () => (now.timer === null ? play() : pause());
const end = () => now.life.rollouts[now.rollout].actions.length;
const KEYS = {
  ArrowLeft: () => go(-1),
  ArrowRight: () => go(1),
  Home: () => show(now.rollout, 0),
  End: () => show(now.rollout, end()),
  " ": toggle,
};

// Keys count inside the viewer, and without any focus while it is in the middle of the window.
function isListening({ target }) {
  if (target.matches("select")) return false;
  if (at("viewer").contains(target)) return true;
  const { top, bottom } = at("viewer").getBoundingClientRect();
  const middle = window.innerHeight / 2;
  return target === document.body && top < middle && middle < bottom;
}

document.addEventListener("keydown", (event) => {
  const { key, ctrlKey, altKey, metaKey, target } = event;
  if (!(key in KEYS) || ctrlKey || altKey || metaKey || !isListening(event)) return;
  if (key === " " && target.matches("button")) return; // The button itself answers.
  event.preventDefault();
  if (key !== " ") pause();
  KEYS[key]();
});

at("set").append(...data.sets.map(({ name }, i) => html("option", { value: i }, name)));
const onChoice = (id, event, choose) => at(id).addEventListener(event, () => {
  pause();
  choose(Number(at(id).value));
});
onChoice("set", "change", chooseSet);
onChoice("maze", "change", chooseMaze);
onChoice("time", "input", (step) => show(now.rollout, step));
at("back").addEventListener("click", () => { pause(); go(-1); });
at("forward").addEventListener("click", () => { pause(); go(1); });
at("play").addEventListener("click", toggle);

at("still").hidden = true;
at("viewer").hidden = false;
chooseSet(0);
new ResizeObserver(drawCharts).observe(at("charts"));

// A line chart of what was measured at every step of a lifetime, with a cursor.

const CHART = { height: 150, left: 46, right: 8, top: 18, bottom: 20 };
const LOG_FROM = 30; // Where values differ by such a factor, the small ones need a log scale.
const FAR_OUT = 0.025; // So many of the smallest values do not decide about the scale.

// One scale for all lifetimes, so that they can be compared.
function scaleOf(values, atMost) {
  const positive = values.filter((value) => value > 0).sort((one, other) => one - other);
  const high = positive.at(-1) ?? 1;
  const low = positive[Math.floor(FAR_OUT * positive.length)] ?? high;
  if (high / low <= LOG_FROM) return { log: false, low: 0, high: atMost ?? high * 1.05 };
  // Less a trifle: the logarithm of a power of ten may lie on either side of a whole number.
  const [bottom, top] = [Math.log10(low) + 1e-9, Math.log10(high) - 1e-9];
  return { log: true, low: Math.floor(bottom), high: Math.ceil(top) };
}

function share(scale, value) {
  const height = scale.log ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value;
  const part = (height - scale.low) / (scale.high - scale.low);
  return Math.min(1, Math.max(0, part));
}

// Values that get a line across, with their texts.
function marks(scale) {
  if (scale.log) {
    const powers = Array.from({ length: scale.high - scale.low + 1 }, (_, i) => scale.low + i);
    const text = (power) => (power < -3 ? `1e${shown(power)}` : round(10 ** power));
    return powers.map((power) => [10 ** power, text(power)]);
  }
  const power = 10 ** Math.floor(Math.log10(scale.high / 2));
  const step = [5, 2, 1].map((factor) => factor * power).find((one) => one <= scale.high / 2);
  const count = Math.floor(scale.high / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => [i * step, round(i * step)]);
}

// Without the digits that sums of tenths have at their end.
const round = (value) => String(Number(value.toPrecision(6)));

class Chart {
  // goTo: called with the step of the lifetime that was clicked at
  constructor(title, scale, goTo) {
    this.scale = scale;
    this.svg = svg("svg", { class: "trace", role: "img", "aria-label": title });
    const how = scale.log ? `${title}, log scale` : title;
    this.element = html("figure", {}, html("figcaption", {}, how), this.svg);
    const follow = (event) => {
      if (!event.buttons) return;
      const box = this.svg.getBoundingClientRect();
      const part = (event.clientX - box.left - CHART.left) / this.across(box.width);
      goTo(Math.round(part * this.steps));
    };
    this.svg.addEventListener("pointerdown", follow);
    this.svg.addEventListener("pointermove", follow);
  }

  across(width) {
    return Math.max(1, width - CHART.left - CHART.right);
  }

  // lines: arrays of numbers, one a step; ends: [{steps, reached}] of each rollout
  draw(lines, ends) {
    this.steps = Math.max(1, ends.reduce((sum, end) => sum + end.steps, 0));
    const width = this.svg.clientWidth || 600;
    this.unit = this.across(width) / this.steps;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${CHART.height}`);
    this.cursor = svg("line", {
      y1: CHART.top - 4, y2: CHART.height - CHART.bottom, class: "cursor",
    });
    this.svg.replaceChildren(
      ...this.frame(width), ...this.rollouts(ends),
      ...lines.map((values, i) => this.line(values, i)), this.cursor,
    );
  }

  x(step) {
    return CHART.left + step * this.unit;
  }

  y(value) {
    const room = CHART.height - CHART.top - CHART.bottom;
    return CHART.height - CHART.bottom - room * share(this.scale, value);
  }

  frame(width) {
    return marks(this.scale).flatMap(([value, text]) => [
      svg("line", {
        x1: CHART.left, x2: width - CHART.right, y1: this.y(value), y2: this.y(value),
        class: "grid",
      }),
      svg("text", { x: CHART.left - 6, y: this.y(value) + 4, class: "tick end" }, text),
    ]);
  }

  // Their borders, numbers below, and a diamond above where the goal was reached.
  rollouts(ends) {
    const parts = [];
    let first = 0;
    ends.forEach(({ steps, reached }, r) => {
      const last = first + steps;
      const middle = this.x((first + last) / 2);
      const bottom = CHART.height - CHART.bottom;
      parts.push(svg("line", {
        x1: this.x(last), x2: this.x(last), y1: CHART.top, y2: bottom, class: "border",
      }));
      if (reached) {
        parts.push(svg("path", {
          d: `M${this.x(last)},${CHART.top - 13}l5,5l-5,5l-5,-5z`, class: "goal hit",
        }));
      }
      if (steps * this.unit > 14) {
        const name = steps * this.unit > 70 ? `rollout ${r + 1}` : `${r + 1}`;
        parts.push(svg("text", { x: middle, y: bottom + 15, class: "tick middle" }, name));
      }
      first = last;
    });
    return parts;
  }

  line(values, i) {
    let outline = "";
    let pen = "M";
    values.forEach((value, step) => {
      const known = value !== null;
      if (known) outline += `${pen}${this.x(step).toFixed(1)},${this.y(value).toFixed(1)}`;
      pen = known ? "L" : "M";
    });
    return svg("path", { d: outline, class: `line connection-${i}` });
  }

  moveCursor(step) {
    this.cursor.setAttribute("x1", this.x(step));
    this.cursor.setAttribute("x2", this.x(step));
  }
}

// A chart over time: a title, a legend with the latest values, the lines, and their values as a table.

import { drawn, element, replaceChanged, table } from "./dom.js";
import { clock, logarithmicTicks, ticks, timeTicks } from "./numbers.js";
import { look, marker, sample } from "./series.js";

const LEFT = 50, BOTTOM = 22;
// More lines than this need a chart as wide as the page, and a higher one.
export const MANY = 6;
const HEIGHTS = { few: 190, many: 300 };
const MOST_MARKERS = 6;
const MOST_ROWS = 30;
const LINE_OF_TEXT = 13;
const NARROW = 480;

export class LineChart {
  constructor(place, { title, unit, format, logarithmic = false, empty }) {
    Object.assign(this, { place, title, unit, format, logarithmic, empty });
    this.legend = element("ul", { class: "legend", "aria-label": `Legend: ${title}` });
    this.plot = element("div", { class: "plot" });
    this.values = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Values: ${title}` });
    this.details = element("details", {},
      element("summary", {}, "Values as a table", element("span", { class: "unseen" }, `: ${title}`)), this.values);
    this.details.addEventListener("toggle", () => this.drawTable());
    const what = element("h3", {}, title, " ", element("span", { class: "dim" }, logarithmic ? `${unit}, logarithmic` : unit));
    place.replaceChildren(element("figcaption", {}, what), this.legend, this.plot, this.details);
    this.plot.addEventListener("pointermove", (event) => this.point(event.clientX));
    this.plot.addEventListener("pointerleave", () => this.point(null));
    this.lines = [];
    this.pointed = null;
  }

  // lines: name, place (of its look) and points (when, value, whether it is a lower bound) of each. span: from when to when.
  // stages: when each begins and its name; named: whether to write the names. domain: of the values.
  draw(lines, { span, domain, stages = [], named = false }) {
    this.lines = lines.filter((each) => each.points.length);
    this.details.hidden = !this.lines.length;
    this.drawLegend();
    this.drawTable();
    if (!this.lines.length) {
      this.x = null;
      replaceChanged(this.plot, this.empty, () => [element("p", { class: "note" }, this.empty)]);
      return;
    }
    const width = Math.max(this.plot.clientWidth, 200);
    this.height = lines.length > MANY ? HEIGHTS.many : HEIGHTS.few;
    const right = this.roomForNames(width, lines), top = named ? 20 : 8;
    const [least, most] = domain;
    const [first, last] = span;
    this.x = (when) => LEFT + ((when - first) / (last - first)) * (width - LEFT - right);
    const share = this.logarithmic ? (value) => Math.log(value / least) / Math.log(most / least) : (value) => value / most;
    const y = (value) => this.height - BOTTOM - share(value) * (this.height - BOTTOM - top);
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${this.height}`, height: this.height, role: "img", "aria-label": this.inWords() });
    for (const tick of this.logarithmic ? logarithmicTicks(least, most) : ticks(most, 4)) {
      svg.append(drawn("line", { class: "grid", x1: LEFT, x2: width - right, y1: y(tick), y2: y(tick) }));
      svg.append(drawn("text", { class: "muted", x: LEFT - 7, y: y(tick) + 4, "text-anchor": "end" }, this.format(tick)));
    }
    for (const tick of timeTicks(last - first, (width - LEFT - right) / 80)) {
      svg.append(drawn("text", { class: "muted", x: this.x(first + tick), y: this.height - 5, "text-anchor": "middle" }, clock(first + tick)));
    }
    this.drawStages(svg, stages.filter(([when]) => when >= first && when <= last), named, top, width - right);
    for (const line of this.lines) this.drawLine(svg, line, y);
    this.cursor = drawn("line", { class: "cursor", y1: top, y2: this.height - BOTTOM, visibility: "hidden" });
    svg.append(this.cursor);
    if (right > 12) this.drawNames(svg, y, width - right, right, top);
    this.plot.replaceChildren(svg);
    if (this.pointed !== null) this.point(this.pointed);
  }

  // The least and the most that an axis for some lines has.
  domain(lines) {
    let least = Infinity, most = 0;
    for (const { points } of lines) {
      for (const [, value] of points) {
        if (value > most) most = value;
        if (value > 0 && value < least) least = value;
      }
    }
    if (!this.logarithmic) return [0, most * 1.06 || 1];
    return most ? [least / 1.25, most * 1.25] : [0.001, 1];
  }

  // At the right of the lines. A single line needs no name beside the legend's, and many have no room.
  roomForNames(width, lines) {
    if (width < NARROW || lines.length < 2 || lines.length * LINE_OF_TEXT > this.height - BOTTOM) return 12;
    return Math.min(Math.max(...shortened(lines.map(({ name }) => name)).map((name) => name.length)) * 6.7 + 18, width * 0.36);
  }

  drawLine(svg, { place, points, name }, y) {
    const { colour, dash } = look(place);
    const shown = points.filter(([, value]) => !this.logarithmic || value > 0);
    svg.append(drawn("polyline", {
      points: shown.map(([when, value]) => `${this.x(when).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
      stroke: colour, "stroke-dasharray": dash, class: "series", "data-series": name,
    }));
    // Markers of lines that run together are beside each other.
    const every = Math.max(1, Math.ceil(shown.length / MOST_MARKERS));
    shown.forEach(([when, value, bound], at) => {
      if ((at + place) % every === 0 || at === shown.length - 1) svg.append(marker(place, this.x(when), y(value)));
      if (!bound) return;
      const x = this.x(when), above = y(value) - 6;
      const arrow = drawn("polygon", { class: "bound", points: `${x - 4},${above} ${x + 4},${above} ${x},${above - 7}`, fill: colour });
      arrow.append(drawn("title", {}, `at least ${this.format(value)}`));
      svg.append(arrow);
    });
  }

  drawNames(svg, y, from, right, top) {
    const names = shortened(this.lines.map(({ name }) => name));
    const labels = this.lines.map(({ points }, at) => {
      const [when, value] = points[points.length - 1];
      return { name: names[at], x: this.x(when), at: y(value || 1e-9) };
    }).filter(({ at }) => Number.isFinite(at)).sort((one, other) => one.at - other.at);
    let free = top + 4;
    for (const label of labels) {
      label.y = Math.max(label.at, free);
      free = label.y + LINE_OF_TEXT;
    }
    let below = this.height - BOTTOM + 4;
    for (const label of labels.reverse()) {
      label.y = Math.min(label.y, below);
      below = label.y - LINE_OF_TEXT;
      svg.append(drawn("line", { class: "leader", x1: Math.max(label.x, from) + 5, x2: from + 11, y1: label.at, y2: label.y }));
      svg.append(drawn("text", { x: from + 14, y: label.y + 4 }, fitted(label.name, right - 14)));
    }
  }

  drawStages(svg, stages, named, top, end) {
    stages.forEach(([when, name], at) => {
      svg.append(drawn("line", { class: "stage", x1: this.x(when), x2: this.x(when), y1: named ? 4 : top, y2: this.height - BOTTOM }));
      const room = (at + 1 < stages.length ? this.x(stages[at + 1][0]) : end) - this.x(when) - 6;
      if (named && name && room > 24) svg.append(drawn("text", { class: "muted", x: this.x(when) + 4, y: 13 }, fitted(name, room)));
    });
  }

  drawLegend(when = null) {
    const shown = this.lines.map(({ name, place, points }) => {
      const point = when === null ? points[points.length - 1] : nearest(points, when);
      return { name, place, text: `${point[2] ? ">" : ""}${this.format(point[1])}` };
    });
    replaceChanged(this.legend, shown, () => shown.map(({ name, place, text }) =>
      element("li", {}, sample(place), element("span", {}, name), element("b", {}, text))));
  }

  // The legend has the values at the pointer.
  point(clientX) {
    this.pointed = clientX;
    if (!this.x || !this.lines.length) return;
    const svg = this.plot.querySelector("svg");
    if (clientX === null || !svg) {
      this.cursor?.setAttribute("visibility", "hidden");
      this.drawLegend();
      return;
    }
    const x = clientX - svg.getBoundingClientRect().left;
    const all = this.lines.flatMap(({ points }) => points.map(([when]) => when));
    const when = all.reduce((best, each) => (Math.abs(this.x(each) - x) < Math.abs(this.x(best) - x) ? each : best));
    for (const [key, value] of Object.entries({ x1: this.x(when), x2: this.x(when), visibility: "visible" })) {
      this.cursor.setAttribute(key, value);
    }
    this.drawLegend(when);
  }

  drawTable() {
    if (!this.details.open || !this.lines.length) return;
    const times = [...new Set(this.lines.flatMap(({ points }) => points.map(([when]) => when)))].sort((one, other) => other - one);
    const at = this.lines.map(({ points }) => new Map(points.map(([when, ...rest]) => [when, rest])));
    const rows = times.slice(0, MOST_ROWS).map((when) => [clock(when), ...at.map((line) => {
      const found = line.get(when);
      return found ? `${found[1] ? ">" : ""}${this.format(found[0])}` : "-";
    })]);
    const heads = ["Since the start", ...this.lines.map(({ name }) => name)];
    replaceChanged(this.values, [heads, rows], () => [
      table(heads, rows, `${this.title} (${this.unit})`),
      element("p", { class: "note" }, `The latest ${rows.length} of ${times.length} points.`)]);
  }

  inWords() {
    const each = this.lines.map(({ name, points }) => {
      const values = points.map(([, value]) => value);
      return `${name}: now ${this.format(values[values.length - 1])}, lowest ${this.format(Math.min(...values))}, highest ${this.format(Math.max(...values))}`;
    });
    return `${this.title}, ${this.unit}, over time. ${each.join(". ")}.`;
  }
}

// Names without what all of them end with, which the legend has.
function shortened(names) {
  const parts = names.map((name) => name.split(", "));
  const [first] = parts;
  let common = 0;
  const isCommon = (place) => parts.every((each) => each.length > place && each.at(-place) === first.at(-place));
  while (names.length > 1 && isCommon(common + 1)) common += 1;
  return parts.map((each) => each.slice(0, each.length - common).join(", "));
}

function nearest(points, when) {
  return points.reduce((best, each) => (Math.abs(each[0] - when) < Math.abs(best[0] - when) ? each : best));
}

export function fitted(text, width) {
  const most = Math.floor(width / 6.6);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

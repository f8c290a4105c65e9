// How workloads are told apart, wherever they are drawn: by colour, dashes and markers together. Layers have colours of
// their own, so that a colour means one thing on the page.

import { drawn } from "./dom.js";

const COLOURS = 8;
const DASHES = ["", "9 3", "2 3", "10 3 2 3", "5 2"];
const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "wedge", "plus", "ring"];

// The look of the workload in a place of its group; different for the first forty.
export function look(place) {
  const turn = Math.floor(place / COLOURS);
  return {
    colour: `var(--s${place % COLOURS})`,
    dash: DASHES[(place + turn) % DASHES.length],
    shape: SHAPES[place % SHAPES.length],
  };
}

export function marker(place, x, y) {
  const { colour, shape } = look(place);
  const points = (...all) => drawn("polygon", { points: all.map(([dx, dy]) => `${x + dx},${y + dy}`).join(" "), fill: colour });
  const strokes = (d) => drawn("path", { d, stroke: colour, class: "stroke" });
  switch (shape) {
    case "circle": return drawn("circle", { cx: x, cy: y, r: 3.6, fill: colour });
    case "square": return points([-3.3, -3.3], [3.3, -3.3], [3.3, 3.3], [-3.3, 3.3]);
    case "triangle": return points([0, -4.4], [4.2, 3.2], [-4.2, 3.2]);
    case "diamond": return points([0, -4.8], [4.8, 0], [0, 4.8], [-4.8, 0]);
    case "wedge": return points([0, 4.4], [4.2, -3.2], [-4.2, -3.2]);
    case "cross": return strokes(`M${x - 3.4},${y - 3.4}l6.8,6.8m0,-6.8l-6.8,6.8`);
    case "plus": return strokes(`M${x - 4.2},${y}h8.4M${x},${y - 4.2}v8.4`);
    default: return drawn("circle", { cx: x, cy: y, r: 3.4, stroke: colour, class: "stroke" });
  }
}

// A piece of a workload's line, for legends and tables.
export function sample(place) {
  const { colour, dash } = look(place);
  const svg = drawn("svg", { class: "sample", viewBox: "0 0 34 12", width: 34, height: 12, "aria-hidden": "true" });
  svg.append(drawn("line", { x1: 1, x2: 33, y1: 6, y2: 6, stroke: colour, "stroke-dasharray": dash, class: "series" }));
  svg.append(marker(place, 17, 6));
  return svg;
}

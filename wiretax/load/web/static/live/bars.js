// Bars per workload: bytes by layer, and the gain over the trigger.

import { at, drawn, element, replaceChanged, table } from "./dom.js";
import { fitted } from "./line_chart.js";
import { number, short, ticks } from "./numbers.js";
import { look } from "./series.js";

const BAR = 22;
const NARROW = 420;

function canvas(place, height, label) {
  const width = Math.max(place.clientWidth, 200);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
  place.replaceChildren(svg);
  return { svg, width };
}

// Where the bars are: beside their names, or below them if the page is narrow.
function layout(place, rows) {
  const narrow = place.clientWidth < NARROW;
  const longest = Math.max(...rows.map((each) => each.sent_as.length), 0);
  return narrow
    ? { narrow, row: 48, left: 0, above: 20 }
    : { narrow, row: 30, left: Math.min(longest * 6.8 + 14, place.clientWidth * 0.36), above: 4 };
}

function drawNames(svg, rows, { narrow, row, left }) {
  rows.forEach((each, at) => {
    const where = narrow ? { x: 0, y: at * row + 13 } : { x: left - 10, y: at * row + 19, "text-anchor": "end" };
    const name = drawn("text", where, narrow ? each.sent_as : fitted(each.sent_as, left - 10));
    name.append(drawn("title", {}, each.sent_as));
    svg.append(name);
  });
}

export function drawLayers(workloads, layers) {
  const rows = workloads.filter((each) => each.layers);
  const place = at("layers").querySelector(".plot");
  const total = (each) => Object.values(each.layers).reduce((sum, value) => sum + value, 0);
  const used = layers.filter(({ key }) => rows.some((each) => each.layers[key]));
  replaceChanged(at("layers").querySelector(".legend"), used, () => used.map(({ key, label }) => {
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = `var(--${key})`;
    return element("li", {}, swatch, label);
  }));
  const words = rows.map((each) => `${each.sent_as}: ${number(total(each), 1)} B, of which ${used
    .filter(({ key }) => each.layers[key]).map(({ key, label }) => `${label} ${number(each.layers[key], 1)}`).join(", ")}`);
  const laid = layout(place, rows), { left } = laid, right = 66;
  const { svg, width } = canvas(place, Math.max(rows.length, 1) * laid.row + 4, `Bytes per event by layer. ${words.join(". ")}.`);
  const most = Math.max(...rows.map(total), 1);
  drawNames(svg, rows, laid);
  rows.forEach((each, row) => {
    const y = row * laid.row + laid.above;
    let x = left;
    for (const { key, label } of used) {
      const value = each.layers[key] || 0;
      if (!value) continue;
      const wide = (value / most) * (width - left - right);
      // The gap between two layers has the card's colour, so that each stands out from its neighbour.
      const bar = drawn("rect", { x, y, width: Math.max(wide - 1.5, 0.3), height: BAR, fill: `var(--${key})` });
      bar.append(drawn("title", {}, `${label}: ${number(value)} B`));
      svg.append(bar);
      x += wide;
    }
    svg.append(drawn("text", { x: x + 6, y: y + 15 }, `${number(total(each), 1)} B`));
  });
  const heads = ["Sent as", ...used.map(({ label }) => `${label} (B)`), "all (B)"];
  const cells = rows.map((each) => [each.sent_as, ...used.map(({ key }) => number(each.layers[key] || 0, 1)), number(total(each), 1)]);
  replaceChanged(at("layers").querySelector(".scroll"), [heads, cells], () => [table(heads, cells, "Bytes per event by layer")]);
}

export function drawGain(workloads, whyNone) {
  const rows = workloads.filter((each) => each.gain && each.gain[0] !== null);
  const place = at("gain").querySelector(".plot"), note = at("gain").querySelector(".note");
  at("gain").classList.toggle("empty", !rows.length);
  if (!rows.length) {
    place.replaceChildren();
    note.textContent = whyNone || "A gain needs a trigger and another workload in the same test.";
    return;
  }
  const laid = layout(place, rows), { left } = laid, right = 64;
  const height = rows.length * laid.row + 26;
  const words = rows.map((each) => `${each.sent_as}: ${each.gain.filter((value) => value !== null).map((value) => number(value, 2)).join(", ")}`);
  const { svg, width } = canvas(place, height, `Gain over trigger: median, and the ends of its interval. ${words.join(". ")}.`);
  const most = Math.max(...rows.map((each) => Math.max(each.gain[0], each.gain[2] || 0)), 1.2);
  const x = (value) => left + (value / most) * (width - left - right);
  for (const tick of ticks(most, width < NARROW ? 3 : 5)) {
    svg.append(drawn("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 0, y2: height - 20 }));
    svg.append(drawn("text", { class: "muted", x: x(tick), y: height - 5, "text-anchor": "middle" }, `${short(tick)}x`));
  }
  drawNames(svg, rows, laid);
  rows.forEach((each, row) => {
    const y = row * laid.row + laid.above, [gain, low, high] = each.gain;
    svg.append(drawn("rect", { x: left, y, width: x(gain) - left, height: BAR, fill: look(each.place).colour }));
    if (low !== null) {
      // Above and below the bar's end, so that it is seen on any colour.
      svg.append(drawn("line", { class: "halo", x1: x(low), x2: x(high), y1: y + 11, y2: y + 11 }));
      svg.append(drawn("line", { class: "whisker", x1: x(low), x2: x(high), y1: y + 11, y2: y + 11 }));
      for (const end of [low, high]) svg.append(drawn("line", { class: "whisker", x1: x(end), x2: x(end), y1: y + 6, y2: y + 16 }));
    }
    svg.append(drawn("text", { x: x(Math.max(gain, high || 0)) + 7, y: y + 15 }, `${number(gain, 2)}x`));
  });
  svg.append(drawn("line", { class: "zero", x1: x(1), x2: x(1), y1: 0, y2: height - 20 }));
  note.textContent = `Median and 95 % CI across rounds, ${Math.max(...rows.map((each) => each.rounds))} so far. 1x: as many messages per second as the trigger.`;
}

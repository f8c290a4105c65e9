"use strict";

const EVERY_MS = 2000;
const MOST_SAMPLES = 900;
const COLOURS = 8;
// In a sample, the offset from a percentile to whether it is a lower bound.
const BOUNDS = 2;
// Points that are further apart have nothing between them: another workload was sent meanwhile.
const GAP_S = 5;
// What the charts over time draw of a sample: which of its parts, the offset above, whether 0 is a value, and how many
// seconds before its end a point stands: beside stages, in the middle of what it covers.
const CALLS = { part: 1, bounds: BOUNDS, zeros: false, gap: Infinity, middle: 0 };
const QUEUES = { part: 2, bounds: 1, zeros: true, gap: GAP_S, middle: EVERY_MS / 2e3 };
const seen = { key: "", samples: 0, history: [], figures: null, group: null };
const shownIn = new Map();

const at = (id) => document.getElementById(id);

function number(value, digits = null) {
  if (value === null || value === undefined) return "-";
  const places = digits ?? (Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
  // Rounds like Python, so that labels are the same as in the table of a run.
  const rounded = Number(value.toFixed(places));
  return new Intl.NumberFormat("en", { minimumFractionDigits: places, maximumFractionDigits: places }).format(rounded);
}

function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

// What can be clicked is replaced only if it changed: a click is lost if its target goes while the button is down, and so
// is the keyboard's focus.
function replaceChanged(place, content, make) {
  const shown = JSON.stringify(content);
  if (shownIn.get(place) === shown) return;
  shownIn.set(place, shown);
  place.replaceChildren(...make());
}

function drawn(name, attributes = {}, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    // The pages' policy allows no style attributes, so colours are set as properties.
    if (key === "fill" || key === "stroke") made.style[key] = value;
    else made.setAttribute(key, value);
  }
  if (text !== null) made.textContent = text;
  return made;
}

function canvas(id, height, label) {
  const place = at(id);
  const width = Math.max(place.clientWidth, 200);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
  place.replaceChildren(svg);
  return { svg, width, height };
}

function steps(most, wanted) {
  const rough = most / wanted;
  const unit = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((each) => each * unit).find((each) => each >= rough) || unit;
  const found = [];
  for (let value = 0; value <= most * 1.0001; value += step) found.push(value);
  return found;
}

function short(value) {
  if (value >= 1e6) return `${number(value / 1e6, value % 1e6 ? 1 : 0)}M`;
  if (value >= 1e3) return `${number(value / 1e3, value % 1e3 ? 1 : 0)}k`;
  return number(value, Number.isInteger(value) ? 0 : null);
}

const colour = (index) => `var(--s${index % COLOURS})`;

function labelled(width) {
  return Math.min(170, width * 0.34);
}

function fitted(text, width) {
  const most = Math.floor(width / 6.6);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function drawLayers(workloads) {
  const rows = workloads.filter((each) => each.layers);
  const { svg, width } = canvas("layers", Math.max(rows.length, 1) * 30 + 4, "Bytes per event by layer, one bar per workload");
  const left = labelled(width), right = 66;
  const total = (each) => Object.values(each.layers).reduce((sum, value) => sum + value, 0);
  const most = Math.max(...rows.map(total), 1);
  const used = new Set();
  rows.forEach((each, row) => {
    const y = row * 30 + 4;
    svg.append(drawn("text", { x: left - 10, y: y + 15, "text-anchor": "end" }, fitted(each.sent_as, left - 10)));
    let x = left;
    for (const { key, label } of seen.figures.layers) {
      const value = each.layers[key] || 0;
      if (!value) continue;
      used.add(key);
      const wide = (value / most) * (width - left - right);
      const bar = drawn("rect", { x, y, width: Math.max(wide - 0.7, 0.3), height: 22, fill: `var(--${key})` });
      bar.append(drawn("title", {}, `${label}: ${number(value)} B`));
      svg.append(bar);
      x += wide;
    }
    svg.append(drawn("text", { x: x + 7, y: y + 15 }, `${number(total(each))} B`));
  });
  at("layers-legend").replaceChildren(...seen.figures.layers.filter(({ key }) => used.has(key)).map(({ key, label }) => {
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = `var(--${key})`;
    return element("li", {}, swatch, label);
  }));
}

function drawGain(workloads) {
  const rows = workloads.map((each, index) => ({ ...each, index })).filter((each) => each.gain && each.gain[0] !== null);
  const note = at("gain-note");
  if (!rows.length) {
    const why = seen.figures.why_no_gain || "A gain needs a trigger and another workload in the same test.";
    at("gain").replaceChildren(element("p", { class: "note" }, why));
    note.textContent = "";
    return;
  }
  const height = rows.length * 30 + 26;
  const { svg, width } = canvas("gain", height, "Gain over trigger, one bar per workload");
  const left = labelled(width), right = 64;
  const most = Math.max(...rows.map((each) => Math.max(each.gain[0], each.gain[2] || 0)), 1.2);
  const x = (value) => left + (value / most) * (width - left - right);
  for (const tick of steps(most, width < 420 ? 3 : 5)) {
    svg.append(drawn("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 0, y2: height - 20 }));
    svg.append(drawn("text", { class: "muted", x: x(tick), y: height - 5, "text-anchor": "middle" }, `${short(tick)}x`));
  }
  rows.forEach((each, row) => {
    const y = row * 30 + 3, [gain, low, high] = each.gain;
    svg.append(drawn("text", { x: left - 10, y: y + 15, "text-anchor": "end" }, fitted(each.sent_as, left - 10)));
    svg.append(drawn("rect", { x: left, y, width: x(gain) - left, height: 22, fill: colour(each.index) }));
    if (low !== null) {
      svg.append(drawn("line", { class: "whisker", x1: x(low), x2: x(high), y1: y + 11, y2: y + 11 }));
      for (const end of [low, high]) svg.append(drawn("line", { class: "whisker", x1: x(end), x2: x(end), y1: y + 7, y2: y + 15 }));
    }
    svg.append(drawn("text", { x: x(Math.max(gain, high || 0)) + 7, y: y + 15 }, `${number(gain, 2)}x`));
  });
  svg.append(drawn("line", { class: "zero", x1: x(1), x2: x(1), y1: 0, y2: height - 20 }));
  note.textContent = `Median and 95 % CI across rounds, ${Math.max(...rows.map((each) => each.rounds))} so far.`;
}

function split(points, gap) {
  const parts = [];
  points.forEach((point, index) => {
    if (index && point[0] - points[index - 1][0] <= gap) parts[parts.length - 1].push(point);
    else parts.push([point]);
  });
  return parts;
}

// stages: of the rates, when each begins and its label; named: whether to write the labels.
function drawLines(id, label, workloads, picks, logarithmic, format, of = CALLS, height = 220, stages = [], named = false) {
  const { svg, width } = canvas(id, height, label);
  const left = 52, right = 10, top = named ? 20 : 8, bottom = 24;
  const lines = [], times = [];
  workloads.forEach((each) => picks.forEach((pick, which) => {
    const samples = seen.history.map((sample) => [sample[0], sample[of.part][each.name]]).filter(([, values]) => values);
    // Charts of the same samples share their axis of time.
    if (of.zeros) times.push(...samples.flatMap(([when]) => [Math.max(when - EVERY_MS / 1e3, 0), when]));
    const points = samples.filter(([, values]) => values[pick] !== null && (values[pick] > 0 || (of.zeros && !logarithmic)))
      .map(([when, values]) => [when - of.middle, values[pick], values[pick + of.bounds] === true]);
    for (const part of split(points, of.gap)) lines.push({ points: part, index: each.index, dashed: which > 0 });
  }));
  if (!lines.length) return;
  const values = lines.flatMap((line) => line.points.map(([, value]) => value));
  if (!of.zeros) times.push(...lines.flatMap((line) => line.points.map(([when]) => when)));
  const first = Math.min(...times), last = Math.max(...times, first + 10);
  let most = Math.max(...values) * 1.05 || 1, least = 0;
  if (logarithmic) { least = Math.min(...values) / 1.2; most *= 1.15; }
  const x = (when) => left + ((when - first) / (last - first)) * (width - left - right);
  const share = logarithmic
    ? (value) => Math.log(value / least) / Math.log(most / least)
    : (value) => value / most;
  const y = (value) => height - bottom - share(value) * (height - bottom - top);
  const decades = [];
  for (let power = -6; power < 6; power += 1) for (const digit of [1, 2, 5]) decades.push(digit * 10 ** power);
  for (const tick of logarithmic ? decades.filter((each) => each >= least && each <= most) : steps(most, 4)) {
    svg.append(drawn("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }));
    svg.append(drawn("text", { class: "muted", x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, format(tick)));
  }
  for (const tick of steps(last - first, width < 420 ? 4 : 6)) {
    const when = first + tick;
    svg.append(drawn("text", { class: "muted", x: x(when), y: height - 6, "text-anchor": "middle" }, clock(tick)));
  }
  const inside = stages.filter(([when]) => when >= first && when <= last);
  inside.forEach(([when, name], place) => {
    svg.append(drawn("line", { class: "stage", x1: x(when), x2: x(when), y1: named ? 4 : top, y2: height - bottom }));
    const room = (place + 1 < inside.length ? x(inside[place + 1][0]) : width) - x(when) - 6;
    if (named && name && room > 24) svg.append(drawn("text", { class: "muted", x: x(when) + 4, y: 13 }, fitted(name, room)));
  });
  for (const { points, index, dashed } of lines) {
    svg.append(drawn("polyline", {
      points: points.map(([when, value]) => `${x(when).toFixed(1)},${y(value).toFixed(1)}`).join(" "),
      stroke: colour(index), class: dashed ? "dashed" : "",
    }));
    for (const [when, value] of points.filter(([, , bound]) => bound)) {
      const middle = x(when), above = y(value) - 3;
      const arrow = drawn("polygon", { class: "bound", points: `${middle - 4},${above} ${middle + 4},${above} ${middle},${above - 7}`, fill: colour(index) });
      arrow.append(drawn("title", {}, `at least ${format(value)}`));
      svg.append(arrow);
    }
    if (points.length === 1) svg.append(drawn("circle", { cx: x(points[0][0]), cy: y(points[0][1]), r: 2.5, fill: colour(index) }));
  }
}

function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes}:${String(Math.round(seconds % 60)).padStart(2, "0")} min` : `${Math.round(seconds)} s`;
}

function drawTable(workloads) {
  const { headings } = seen.figures;
  const head = element("tr", {}, ...headings.map((heading) => {
    const cell = element("th", { scope: "col" });
    const title = heading[0].toUpperCase() + heading.slice(1);
    title.split("\n").forEach((line, index) => cell.append(...(index ? [element("br")] : []), line));
    return cell;
  }));
  const rows = workloads.map((each, index) => {
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = colour(index);
    // The first cell is the workload's name, the last counts failures.
    return element("tr", {}, ...each.cells.map((text, place) => {
      if (place === 0) return element("td", {}, swatch, text);
      const bad = each.failures && place === each.cells.length - 1;
      return element("td", bad ? { class: "bad" } : {}, text);
    }));
  });
  at("table").replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
  const closing = workloads.find((each) => each.closing);
  at("connections-note").hidden = !closing;
  at("connections-note").textContent = closing ? `${closing.closing[0].toUpperCase()}${closing.closing.slice(1)}.` : "";
}

function drawQueues(queues) {
  at("queues").hidden = !queues.length;
  if (!queues.length) return;
  at("queues-legend").replaceChildren(...queues.map((each) => {
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = colour(each.index);
    return element("li", {}, swatch, each.sent_as);
  }));
  const stages = queues.flatMap((each) => each.stages).sort(([one], [other]) => one - other);
  const rest = [QUEUES, 170, stages];
  drawLines("arrivals", "Arrivals and acknowledgements per second over time", queues, [0, 1], false, short, ...rest, true);
  drawLines("depth", "Depth of the queues over time", queues, [2], false, short, ...rest);
  drawLines("total", "p99 of the queues over time", queues, [3], true, milliseconds, ...rest);
}

const DELIVERED = ["subscribers", "acknowledged", "delivered", "lost", "missed", "duplicated"];
const DELIVERY_HEADINGS = ["Sent as", "Subscribers", "Acknowledged", "Delivered", "Lost", "Missed", "Twice", "p50 ms", "p99 ms"];

function drawDeliveries(deliveries) {
  at("deliveries").hidden = !deliveries.length;
  if (!deliveries.length) return;
  const head = element("tr", {}, ...DELIVERY_HEADINGS.map((title) => element("th", { scope: "col" }, title)));
  const rows = deliveries.map((each) => {
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = colour(each.index);
    const counts = DELIVERED.map((name) => {
      const bad = each[name] && (name === "lost" || name === "duplicated");
      return element("td", bad ? { class: "bad" } : {}, number(each[name], 0));
    });
    const times = [each.p50_s, each.p99_s].map((time) => element("td", {}, time === null ? "-" : milliseconds(time)));
    return element("tr", {}, element("td", {}, swatch, each.sent_as), ...counts, ...times);
  });
  at("deliveries-table").replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
  drawRounds("delays", "Median delay of deliveries by round", deliveries);
}

function drawRounds(id, label, deliveries) {
  const height = 200, { svg, width } = canvas(id, height, label);
  const left = 52, right = 10, top = 8, bottom = 24;
  const points = deliveries.flatMap((each) => each.rounds);
  if (!points.length) return;
  const first = Math.min(...points.map(([round]) => round)), last = Math.max(...points.map(([round]) => round), first + 1);
  const least = Math.min(...points.map(([, time]) => time)) / 1.3, most = Math.max(...points.map(([, time]) => time)) * 1.3;
  const x = (round) => left + ((round - first) / (last - first)) * (width - left - right);
  const y = (time) => height - bottom - (Math.log(time / least) / Math.log(most / least)) * (height - bottom - top);
  for (let power = -5; power < 3; power += 1) {
    for (const tick of [1, 2, 5].map((digit) => digit * 10 ** power).filter((each) => each >= least && each <= most)) {
      svg.append(drawn("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }));
      svg.append(drawn("text", { class: "muted", x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, milliseconds(tick)));
    }
  }
  for (const tick of steps(last - first, width < 420 ? 4 : 8)) {
    const round = Math.round(first + tick);
    svg.append(drawn("text", { class: "muted", x: x(round), y: height - 6, "text-anchor": "middle" }, `${round}`));
  }
  for (const each of deliveries) {
    svg.append(drawn("polyline", {
      points: each.rounds.map(([round, time]) => `${x(round).toFixed(1)},${y(time).toFixed(1)}`).join(" "),
      stroke: colour(each.index),
    }));
  }
}

function milliseconds(value) {
  return number(value * 1e3, value < 0.001 ? 2 : value < 0.01 ? 1 : 0);
}

// Returns the chosen event.
function drawGroups(workloads) {
  const groups = [...new Set(workloads.map((each) => each.event))];
  // The first group until one is chosen; more appear in the first seconds of a sweep.
  const shown = groups.includes(seen.group) ? seen.group : groups[0];
  const bar = at("groups");
  bar.hidden = groups.length < 2;
  replaceChanged(bar, [groups, shown], () => groups.map((group) => {
    const button = element("button", { type: "button", "aria-pressed": String(group === shown) }, group);
    button.addEventListener("click", () => { seen.group = group; draw(); });
    return button;
  }));
  return shown;
}

const REPORTS = { none: "make report", making: "making report", ready: "report", failed: "report failed" };

function drawRuns(runs) {
  at("runs").hidden = !runs.length;
  replaceChanged(at("runs").querySelector("ul"), runs, () => runs.map((run) => {
    const line = element("li", {},
      element("code", {}, run.name),
      element("span", { class: run.valid ? "valid" : "invalid" }, run.valid ? "valid" : "invalid"),
      element("a", { href: `runs/${encodeURIComponent(run.name)}/` }, REPORTS[run.report]));
    if (run.notes.length) line.append(element("span", { class: "notes" }, run.notes.join("; ")));
    return line;
  }));
}

function drawTest(test) {
  const state = at("state");
  state.textContent = test ? (test.running ? test.state : "stopped") : "waiting";
  state.classList.toggle("on", Boolean(test && test.running));
  if (test) {
    const where = test.on_mock ? `a mock at ${test.endpoint}` : test.endpoint;
    const what = test.plan ? `plan ${test.plan}` : "a free run";
    at("what").textContent = `${what} on ${where}${test.running ? `, ${test.users} users` : ""}`;
  }
  const progress = test && test.progress;
  at("progress").hidden = !progress;
  if (progress) {
    at("progress").querySelector("progress").value = progress[1];
    at("progress").querySelector("span").textContent = `${Math.round(progress[1] * 100)} %, ${progress[0]}`;
  }
  const skipped = test ? test.skipped : [];
  at("skipped").hidden = !skipped.length;
  at("skipped").replaceChildren(...skipped.map((each) => element("li", {}, each)));
}

function draw() {
  const { test, workloads, queues, deliveries, runs } = seen.figures;
  drawTest(test);
  drawRuns(runs);
  at("empty").hidden = workloads.length + queues.length > 0;
  for (const card of document.querySelectorAll(".figures")) card.hidden = !workloads.length;
  const group = drawGroups([...workloads, ...queues]);
  const shown = workloads.filter((each) => each.event === group).map((each, index) => ({ ...each, index }));
  // The table's colours; a queue that is sampled before its first slice has ended is not in the table yet.
  const tabled = (name) => shown.findIndex((each) => each.name === name);
  let next = shown.length;
  drawQueues(queues.filter((each) => each.event === group).map((each) => ({ ...each, index: tabled(each.name) < 0 ? next++ : tabled(each.name) })));
  drawDeliveries(deliveries.filter((each) => each.event === group).map((each) => ({ ...each, index: tabled(each.name) < 0 ? next++ : tabled(each.name) })));
  if (!shown.length) return;
  drawTable(shown);
  drawLayers(shown);
  drawGain(shown);
  drawLines("rate", "Events per second over time", shown, [0], false, short);
  drawLines("time", "p50 and p99 over time", shown, [1, 2], true, milliseconds);
}

function showProblem(message, link = null) {
  const box = at("problem");
  box.hidden = !message;
  box.replaceChildren(message, ...(link ? [" ", link] : []));
}

async function refresh() {
  try {
    const response = await fetch(`figures?key=${encodeURIComponent(seen.key)}&since=${seen.samples}`);
    if (!(response.headers.get("Content-Type") || "").startsWith("application/json")) {
      showProblem("Your login has expired.", element("a", { href: "../login" }, "Log in"));
      return;
    }
    const figures = await response.json();
    if (figures.key !== seen.key) seen.history = [];
    seen.history = [...seen.history, ...figures.history].slice(-MOST_SAMPLES);
    seen.key = figures.key;
    seen.samples = figures.samples;
    seen.figures = figures;
    showProblem("");
    draw();
  } catch (error) {
    showProblem("Locust does not respond; trying again every two seconds.");
  } finally {
    setTimeout(refresh, EVERY_MS);
  }
}

new ResizeObserver(() => { if (seen.figures) draw(); }).observe(document.body);
refresh();

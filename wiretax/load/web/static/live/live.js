// The live page: asks the server every two seconds, and draws what it says.

import { drawGain, drawLayers } from "./bars.js";
import { drawCharts } from "./charts.js";
import { at, element, replaceChanged } from "./dom.js";
import { drawFacts } from "./facts.js";
import { drawRuns } from "./runs.js";
import { GONE, HEARD, LOGIN, SILENT, Source } from "./source.js";
import { drawCosts, drawDeliveries, drawFailures } from "./tables.js";

const EVERY_MS = 2000;
const PROBLEMS = {
  [LOGIN]: ["Your login has expired.", "../login", "Log in"],
  [GONE]: ["The figures of this run are no longer kept. Its folder and its report are.", "./", "See the latest test"],
  [SILENT]: ["Locust does not respond; trying again every two seconds."],
};
const source = new Source(new URLSearchParams(location.search).get("run") || "");
const chosen = { group: null, paused: false };
let timer = 0, asking = false;

// Returns the event that is shown, of which all sections but the failures are.
function drawGroups(rows) {
  const groups = [...new Set(rows.map((each) => each.event))].filter((each) => each !== null);
  // The first group until one is chosen; more appear in the first seconds of a sweep.
  const shown = groups.includes(chosen.group) ? chosen.group : groups[0];
  at("groups").hidden = groups.length < 2;
  replaceChanged(at("groups"), [groups, shown], () => groups.map((group) => {
    const button = element("button", { type: "button", "aria-pressed": String(group === shown) }, group);
    button.addEventListener("click", () => {
      chosen.group = group;
      draw();
      [...at("groups").children].find((each) => each.textContent === group)?.focus();
    });
    return button;
  }));
  return shown;
}

function draw() {
  const { test, workloads, queues, deliveries, failures, runs, headings, layers, why_no_gain: whyNoGain } = source.figures;
  drawFacts(source.figures, Boolean(source.run));
  drawRuns(runs, source.run);
  const group = drawGroups([...workloads, ...queues, ...deliveries]);
  const ofGroup = (rows) => rows.filter((each) => each.event === group || each.event === null);
  // A workload looks the same in all sections. Queues are sampled before their first slice is in the table.
  const places = new Map();
  const placed = (rows) => ofGroup(rows).map((each) => {
    if (!places.has(each.name)) places.set(each.name, places.size);
    return { ...each, sent_as: each.label || each.sent_as, place: places.get(each.name) };
  });
  const shown = placed(workloads), queued = placed(queues), delivered = placed(deliveries);
  at("empty").hidden = shown.length + queued.length > 0;
  at("empty-text").textContent = test && test.running ? "Figures appear two seconds after the first event." : "";
  for (const section of document.querySelectorAll(".figures")) section.hidden = !shown.length;
  if (shown.length) {
    drawCosts(shown, headings);
    drawLayers(shown, layers);
    drawGain(shown, whyNoGain);
  }
  const events = new Set(workloads.map((each) => each.event));
  drawFailures(failures, new Map(workloads.map((each) => [each.name, events.size > 1 ? `${each.label} (${each.event})` : each.label])));
  if (shown.length) drawCharts("calls", source, shown);
  const stages = queued.flatMap((each) => each.stages).sort(([one], [other]) => one - other);
  const unseen = Boolean(test && test.workers !== null && test.classes.QueueUser);
  at("queues").hidden = !queued.length && !unseen;
  at("queues").classList.toggle("unseen-queues", unseen);
  if (queued.length) drawCharts("queues", source, queued, stages);
  at("deliveries").hidden = !delivered.length;
  if (delivered.length) {
    drawDeliveries(delivered);
    drawCharts("deliveries", source, delivered);
  }
  for (const link of at("contents").querySelectorAll("a")) link.hidden = at(link.hash.slice(1)).hidden;
}

function showProblem(text = "", href = "", words = "") {
  at("problem").hidden = !text;
  replaceChanged(at("problem"), [text, href], () => (href ? [text, " ", element("a", { href }, words)] : [text]));
}

async function refresh() {
  clearTimeout(timer);
  if (asking) return;
  asking = true;
  const heard = await source.refresh();
  asking = false;
  showProblem(...(PROBLEMS[heard] || []));
  if (heard === HEARD) draw();
  // What nobody sees needs no figures; those of the meantime come when somebody looks again.
  if (!chosen.paused && !document.hidden && heard !== GONE) timer = setTimeout(refresh, EVERY_MS);
}

at("pause").addEventListener("click", () => {
  chosen.paused = !chosen.paused;
  at("pause").setAttribute("aria-pressed", String(chosen.paused));
  if (chosen.paused) clearTimeout(timer);
  else refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !chosen.paused) refresh();
});
let width = 0;
new ResizeObserver(() => {
  if (source.figures && width !== document.body.clientWidth) draw();
  width = document.body.clientWidth;
}).observe(document.body);
refresh();

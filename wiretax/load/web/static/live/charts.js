// Which charts over time there are, by the section of the page that they are in.

import { at } from "./dom.js";
import { LineChart, MANY } from "./line_chart.js";
import { milliseconds, short } from "./numbers.js";

const TIME = { unit: "ms", format: milliseconds, logarithmic: true };
const calls = (least) => `No values yet: a point needs ${least} calls.`;
const events = (least) => `No values yet: a point needs ${least} events that were answered.`;
const deliveries = (least) => `No values yet: a point needs ${least} deliveries.`;
// field: of a sample. scale: charts with the same one have the same axis. place: the figure's id in the page.
const CHARTS = {
  calls: [
    { place: "rate", field: "events_per_second", title: "Events per second", unit: "acknowledged", format: short, empty: "No values yet." },
    { place: "latency-p50", field: "p50_s", title: "Call latency, p50", scale: "latency", ...TIME, empty: calls("20") },
    { place: "latency-p99", field: "p99_s", title: "Call latency, p99", scale: "latency", ...TIME, empty: calls("1,000") },
    { place: "failed", field: "failed_per_second", title: "Failed calls per second", unit: "while sent", format: short, empty: "No values yet." },
  ],
  queues: [
    { place: "arrivals", field: "arrived_per_second", title: "Arrivals", scale: "events", unit: "events/s", format: short, named: true },
    { place: "acknowledgements", field: "acknowledged_per_second", title: "Acknowledgements", scale: "events", unit: "events/s", format: short, named: true },
    { place: "depth", field: "depth", title: "Depth", scale: "waiting", unit: "events that wait in the queue, mean", format: short },
    { place: "backlog", field: "backlog", title: "Backlog", scale: "waiting", unit: "events not answered yet, waiting or in a call", format: short },
    { place: "wait-p50", field: "wait_p50_s", title: "Wait, p50", scale: "times", ...TIME, empty: events("20") },
    { place: "wait-p99", field: "wait_p99_s", title: "Wait, p99", scale: "times", ...TIME, empty: events("100") },
    { place: "total-p50", field: "total_p50_s", title: "Total time, p50", scale: "times", ...TIME, empty: events("20") },
    { place: "total-p99", field: "total_p99_s", title: "Total time, p99", scale: "times", ...TIME, empty: events("100") },
  ],
  deliveries: [
    { place: "delivered", field: "delivered_per_second", title: "Delivered", unit: "deliveries/s", format: short, empty: "No deliveries yet." },
    { place: "lost", field: "lost_per_second", title: "Lost", unit: "deliveries/s", format: short, empty: "Losses are known when the test has stopped." },
    { place: "delay-p50", field: "delay_p50_s", title: "Delay, p50", scale: "delay", ...TIME, empty: deliveries("20") },
    { place: "delay-p99", field: "delay_p99_s", title: "Delay, p99", scale: "delay", ...TIME, empty: deliveries("100") },
  ],
};
const made = new Map();

function chart(spec) {
  if (!made.has(spec.place)) {
    made.set(spec.place, new LineChart(at(spec.place), spec));
  }
  return made.get(spec.place);
}

// Draws the charts of one kind. rows: workloads with their name, sent_as and place (of their look).
export function drawCharts(kind, source, rows, stages = []) {
  // Beside stages, a point stands in the middle of what it covers.
  const earlier = kind === "queues" ? source.figures.point_s / 2 : 0;
  const drawn = CHARTS[kind].map((spec) => ({
    spec,
    chart: chart(spec),
    lines: rows.map(({ name, sent_as: words, place }) => ({
      name: words, place,
      points: source.points(kind, name, spec.field).map(([when, ...rest]) => [Math.max(when - earlier, 0), ...rest]),
    })),
  }));
  for (const { spec, chart: each, lines } of drawn) {
    each.place.parentElement?.classList.toggle("many", rows.length > MANY);
    const together = drawn.filter(({ spec: other }) => other === spec || (spec.scale && other.scale === spec.scale));
    const domain = each.domain(together.flatMap((other) => other.lines));
    each.draw(lines, { span: source.span, stages, named: spec.named === true && stages.length > 0, domain });
  }
}

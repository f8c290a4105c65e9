// What is a table on the page: cost per event, deliveries and failures.

import { at, element, lines, replaceChanged, table } from "./dom.js";
import { clock, count, milliseconds, whole } from "./numbers.js";
import { sample } from "./series.js";

const keyed = ({ place, sent_as: words }) => element("span", { class: "keyed" }, sample(place), words);
// p50 stays as it is.
const capital = (text) => (/^.\d/.test(text) ? text : text[0].toUpperCase() + text.slice(1));

export function drawCosts(workloads, headings) {
  const shown = workloads.map(({ place, cells, failures }) => ({ place, sent_as: cells[0], cells, failures }));
  replaceChanged(at("costs"), [headings, shown], () => [table(
    headings.map((each) => lines(capital(each))),
    // The first cell is the workload's name, the last counts failures.
    shown.map((each) => [keyed(each), ...each.cells.slice(1, -1), [each.cells.at(-1), each.failures ? "bad" : ""]]),
    "Cost per event")]);
  const closing = workloads.find((each) => each.closing);
  at("connections-note").hidden = !closing;
  at("connections-note").textContent = closing ? `${capital(closing.closing)}.` : "";
}

const COUNTS = ["subscribers", "acknowledged", "delivered", "lost", "missed", "duplicated"];
const HEADINGS = ["Sent as", "Subscribers", "Acknowledged\nevents", "Delivered", "Lost", "Missed", "Twice", "Delay p50\nms", "Delay p99\nms"];

export function drawDeliveries(rows) {
  // Together they are a row only until they are told apart.
  const shown = rows.some(({ event }) => event) ? rows.filter(({ event }) => event) : rows;
  replaceChanged(at("deliveries-table"), shown, () => [table(HEADINGS.map(lines), shown.map((each) => [
    keyed(each),
    ...COUNTS.map((name) => [whole(each[name]), each[name] && ["lost", "duplicated"].includes(name) ? "bad" : ""]),
    ...[each.p50_s, each.p99_s].map((time) => (time === null ? "-" : milliseconds(time))),
  ]), "Deliveries")]);
}

const MOST_NAMES = 3;

// names: of all workloads, by what the files call them.
export function drawFailures({ total, different, rows }, names) {
  at("failures").hidden = !total;
  if (!total) return;
  at("failures-total").textContent = `${count(total, "call")} failed so far, warm-up included.${
    different > rows.length ? ` The ${rows.length} most frequent of ${whole(different)} different failures; failures.parquet has all.` : ""}`;
  const list = (workloads) => {
    if (workloads.length > 1 && workloads.length >= names.size) return "all workloads";
    const words = workloads.map((name) => names.get(name) || name);
    return words.length > MOST_NAMES ? `${words.slice(0, MOST_NAMES).join("; ")} and ${words.length - MOST_NAMES} more` : words.join("; ");
  };
  replaceChanged(at("failures-list"), [rows, [...names]], () => rows.map((row) => {
    return element("li", {},
      element("b", { class: "bad" }, whole(row.count)),
      element("div", {},
        element("p", {}, capital(row.meaning), element("span", { class: "dim" }, ` (${row.kind}${row.status ? `, status ${row.status}` : ""})`)),
        ...(row.message ? [element("p", {}, element("q", {}, row.message))] : []),
        element("p", { class: "note" }, `${capital(list(row.workloads))}; last seen ${clock(row.last_s)} after the start`)));
  }));
}

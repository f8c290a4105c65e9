// The runs that this web UI saved, each with its verdict, its folder, its report and its figures.

import { at, element, replaceChanged } from "./dom.js";
import { started, what, where } from "./facts.js";
import { clock, count } from "./numbers.js";

const REPORTS = { none: "Make the report", making: "Report (in progress)", ready: "Report", failed: "Report (failed)" };

// run: the name of the run whose figures are shown; empty for the latest.
export function drawRuns(runs, run) {
  at("runs").hidden = !runs.length;
  replaceChanged(at("runs-list"), [runs, run], () => runs.map((each) => item(each, run)));
}

function item(run, shown) {
  const path = encodeURIComponent(run.name);
  const links = [element("a", { href: `runs/${path}/` }, REPORTS[run.report], named(run)), element("a", { href: `files/#${path}` }, "Files", named(run))];
  if (run.has_figures && run.name !== shown) links.unshift(element("a", { href: `?run=${path}` }, "Figures", named(run)));
  if (run.name === shown) links.unshift(element("span", { class: "dim" }, "Figures shown above"));
  const made = element("li", run.name === shown ? { "aria-current": "true" } : {},
    element("p", { class: "run-head" },
      element("code", {}, run.name),
      element("span", { class: `verdict ${run.tone}` }, run.verdict)),
    element("p", {}, `${what(run)} on ${where(run)}; ${count(run.users, "user")}; ${started(run)}, took ${clock(run.lasted_s)}`),
    element("p", {}, run.checks ? `Gates: ${run.checks}. Exit code ${run.code}. ` : `Exit code ${run.code}. `,
      "Folder: ", element("code", {}, run.folder)),
    element("p", { class: "links" }, ...links));
  if (run.notes.length) {
    made.append(element("details", {},
      element("summary", {}, count(run.notes.length, "note"), named(run)),
      element("ul", { class: "notes" }, ...run.notes.map((note) => element("li", {}, note)))));
  }
  return made;
}

// What a link is of, for those who hear it without its surroundings.
function named(run) {
  return element("span", { class: "unseen" }, ` of run ${run.name}`);
}

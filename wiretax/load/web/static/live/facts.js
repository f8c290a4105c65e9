// What is running: the test, where it sends, with which users, since when, and how far it is.

import { at, element, replaceChanged, setText } from "./dom.js";
import { clock, count, ordinal, whole } from "./numbers.js";

export const what = (test) => (test.plan ? `plan ${test.plan}` : "free run");
export const timeOfDay = (seconds) => new Date(seconds * 1e3).toLocaleTimeString([], { hour12: false });
const day = (seconds) => new Date(seconds * 1e3).toLocaleDateString();

export function started(test) {
  const today = day(test.started_s) === day(Date.now() / 1e3);
  return `${today ? "" : `${day(test.started_s)}, `}${timeOfDay(test.started_s)}`;
}

// The words for "plan quick on a mock at ...".
export const where = (test) => (test.on_mock ? `mock at ${test.endpoint}` : test.endpoint);

function facts(test, failed) {
  const { running, round, rounds } = test;
  const classes = Object.entries(test.classes).map(([name, users]) => `${name} ${whole(users)}`).join(", ");
  const workers = test.workers === null ? "" : count(test.workers, "worker");
  return [
    ["Test", what(test), running ? "" : `run ${test.run}`],
    ["Endpoint", test.on_mock ? "built-in mock" : "server", test.endpoint],
    ...(test.faults.length ? [["Faults injected", test.faults.join(", "), ""]] : []),
    ["Users", whole(test.users), [classes, workers].filter(Boolean).join("; ")],
    ["Started", started(test), running ? `${clock(test.lasted_s)} ago` : `took ${clock(test.lasted_s)}`],
    ...(round === null ? [] : [["Round", `${round} of 0-${rounds - 1}`, `the ${ordinal(round + 1)}, numbered as in the files`]]),
    ...(failed ? [["Failed calls", whole(failed), element("a", { href: "#failures" }, "by kind")]] : []),
  ];
}

export function drawFacts({ test, failures, now }, finished) {
  const state = test ? (test.running ? test.state : finished ? "finished run" : "stopped") : "waiting";
  // Announced by screen readers, so only when it changes.
  setText(at("state"), state);
  at("state").classList.toggle("on", Boolean(test && test.running));
  document.title = `${test && test.running ? "Running: " : ""}Bytes on the wire - wiretax`;
  const shown = test ? facts(test, failures.total) : [];
  at("facts").hidden = !test;
  replaceChanged(at("facts"), shown.map((each) => each.map(String)), () => shown.map(([name, value, more]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, element("b", {}, value), element("span", {}, more)))));
  const progress = test && test.progress;
  at("progress").hidden = !progress;
  if (progress) {
    at("progress").querySelector("progress").value = progress[1];
    setText(at("progress").querySelector("span"), `${Math.round(progress[1] * 100)} %, ${progress[0]}`);
  }
  const skipped = test ? test.skipped : [];
  at("skipped").hidden = !skipped.length;
  replaceChanged(at("skipped"), skipped, () => skipped.map((each) => element("li", {}, each)));
  at("finished").hidden = !finished;
  setText(at("finished-now"), now ? "See the test that is running now" : "See the latest test");
}

"use strict";

const EVERY_MS = 1000;
const at = (id) => document.getElementById(id);
const name = decodeURIComponent(location.pathname.split("/").filter(Boolean).pop());
at("run").textContent = name;

function show(status) {
  at("progress").hidden = status.state !== "making";
  at("make").hidden = status.state === "making";
  if (status.state === "making") {
    at("title").textContent = "The report is being made";
    at("progress").querySelector("progress").value = status.done;
    at("progress").querySelector("span").textContent = `${Math.round(status.done * 100)} %, ${status.words}`;
    setTimeout(() => ask("status"), EVERY_MS);
  } else if (status.state === "ready") {
    location.reload();
  } else if (status.state === "failed") {
    at("title").textContent = "The report could not be made";
    at("words").textContent = status.words;
    at("make").textContent = "Try again";
  }
}

async function ask(what, options = {}) {
  try {
    show(await (await fetch(what, options)).json());
  } catch (error) {
    show({ state: "failed", done: 0, words: "Locust does not answer, or you are not logged in any more." });
  }
}

at("make").addEventListener("click", () => ask("make", { method: "POST" }));
ask("status");

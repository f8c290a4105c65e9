"use strict";

const EVERY_MS = 1000;
const at = (id) => document.getElementById(id);
const name = decodeURIComponent(location.pathname.split("/").filter(Boolean).pop());
at("run").textContent = name;

function show(status) {
  at("progress").hidden = status.state !== "making";
  at("make").hidden = status.state === "making";
  if (status.state === "making") {
    at("title").textContent = "Making the report";
    at("progress").querySelector("progress").value = status.done;
    at("progress").querySelector("span").textContent = `${Math.round(status.done * 100)} %, ${status.message}`;
    setTimeout(() => request("status"), EVERY_MS);
  } else if (status.state === "ready") {
    location.reload();
  } else if (status.state === "failed") {
    at("title").textContent = "The report failed";
    at("message").textContent = status.message;
    at("make").textContent = "Try again";
  }
}

async function request(path, options = {}) {
  try {
    show(await (await fetch(path, options)).json());
  } catch (error) {
    show({ state: "failed", done: 0, message: "Locust does not respond, or your login has expired." });
  }
}

at("make").addEventListener("click", () => request("make", { method: "POST" }));
request("status");

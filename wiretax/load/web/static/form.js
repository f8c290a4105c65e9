"use strict";

// Puts wiretax's form in the place of Locust's. Where Locust's page is not as expected, its own form stays and works.
(() => {
  const INVALID = "aria-invalid";
  const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
  // Locust's states of no test.
  const IDLE = new Set(["ready", "stopped"]);
  const STATE_EVERY_MS = 100, STATE_TIMES = 50;
  const declined = new WeakSet();
  const words = (element, key) => (element.dataset[key] ?? "").split(" ").filter(Boolean);

  // Its theme is a background that Locust paints; controls of the browser follow color-scheme.
  function followTheme() {
    const [red, green, blue] = (getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
    const scheme = red * 0.3 + green * 0.59 + blue * 0.11 < 128 ? "dark" : "light";
    for (const form of document.querySelectorAll(".wiretax-form")) form.style.colorScheme = scheme;
  }

  function showNeeded(form) {
    const plan = form.elements.plan;
    const isPlan = Boolean(plan) && plan.value !== "none";
    const holds = new Set([isPlan ? "plan" : "free"]);
    for (const box of isPlan ? [] : form.querySelectorAll("[name=user_classes]:checked")) {
      for (const given of words(box, "gives")) holds.add(given);
    }
    for (const part of form.querySelectorAll("[data-needs]")) {
      const needs = words(part, "needs");
      part.hidden = needs.length > 0 && !needs.some((each) => holds.has(each));
    }
    if (plan) form.querySelector("#wiretax-plan-help").textContent = plan.selectedOptions[0]?.dataset.about ?? "";
  }

  // The address of another machine that messages would go to; empty for this one. The server decides.
  function remote(form) {
    const given = form.elements.endpoint?.value.trim() || form.elements.host?.value.trim();
    if (!given) return form.dataset.remote ?? "";
    try {
      const { hostname, host } = new URL(given);
      return !hostname || LOOPBACK.test(hostname) ? "" : host;
    } catch {
      return "";
    }
  }

  function showConsent(form, place = remote(form)) {
    const box = form.querySelector(".consent");
    if (!box) return;
    const limit = Number(form.elements.max_messages?.value) || Number(form.dataset.limit);
    box.hidden = !place;
    box.querySelector("[data-shows=remote]").textContent = place;
    box.querySelector("[data-shows=limit]").textContent = limit.toLocaleString("en");
  }

  const isShown = (control) => control.closest("[hidden]") === null;

  function entered(form) {
    const found = new URLSearchParams();
    for (const control of form.querySelectorAll("[name]")) {
      if (!isShown(control)) continue;
      if (control.name === "user_classes") {
        if (control.checked) found.append(control.name, control.value);
      } else if (control.type === "checkbox") found.append(control.name, control.checked);
      else if (control.multiple) for (const each of control.selectedOptions) found.append(control.name, each.value);
      else found.append(control.name, control.value);
    }
    return found;
  }

  function clear(form) {
    const problem = form.querySelector(".problem");
    problem.hidden = true;
    form.querySelector(".ends").before(problem);
    for (const control of form.querySelectorAll(`[${INVALID}]`)) {
      control.removeAttribute(INVALID);
      control.removeAttribute("aria-errormessage");
    }
  }

  function complain(form, message, name) {
    const problem = form.querySelector(".problem");
    problem.id = "wiretax-problem";
    problem.textContent = message;
    problem.hidden = false;
    if (name === "yes") showConsent(form, remote(form) || "another machine");
    const part = name && form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const control = part && part.querySelector("[name]");
    if (!control || !isShown(control)) return problem.scrollIntoView({ block: "center" });
    const folded = control.closest("details");
    if (folded) folded.open = true;
    // Within the field that it is about, so that the others stay where they are.
    part.append(problem);
    control.setAttribute(INVALID, "true");
    control.setAttribute("aria-errormessage", problem.id);
    control.focus();
  }

  // Locust's page reads the state of the test when it is loaded, and asks no more if there is no test. Locust answers
  // before it starts one; a test that ended meanwhile is not waited for much longer.
  async function hasStarted() {
    for (let times = 0; times < STATE_TIMES; times += 1) {
      const { state } = await (await fetch("./stats/requests")).json();
      if (!IDLE.has(state)) return;
      await new Promise((done) => setTimeout(done, STATE_EVERY_MS));
    }
  }

  async function send(form) {
    clear(form);
    if (form.querySelector("[name=user_classes]") && isShown(form.querySelector("[name=user_classes]"))
      && !form.querySelector("[name=user_classes]:checked")) {
      return complain(form, "User classes: none chosen; allowed: one or more", "user_classes");
    }
    const button = form.querySelector("[type=submit]"), label = button.textContent;
    button.disabled = true;
    button.textContent = "Starting…";
    try {
      const answer = await fetch("./swarm", { method: "POST", body: entered(form) });
      const text = await answer.text();
      let { success, message, field } = { success: false, message: text.trim() || `Locust answered ${answer.status}` };
      if (answer.headers.get("Content-Type")?.includes("json")) ({ success, message, field } = JSON.parse(text));
      if (success) {
        await hasStarted();
        return location.reload();
      }
      complain(form, message, field);
    } catch {
      complain(form, "Locust does not respond; is it still running?", "");
    }
    button.disabled = false;
    button.textContent = label;
  }

  function place(theirs) {
    const isEdit = !theirs.querySelector("[name=host]");
    const box = theirs.parentElement;
    const template = document.getElementById(isEdit ? "wiretax-edit" : "wiretax-start");
    const ours = template.content.firstElementChild.cloneNode(true);
    box.append(ours);
    box.classList.add("wiretax-placed");
    followTheme();
    showNeeded(ours);
    showConsent(ours);
    ours.addEventListener("input", () => {
      clear(ours);
      showNeeded(ours);
      showConsent(ours);
    });
    ours.addEventListener("submit", (event) => {
      event.preventDefault();
      send(ours);
    });
    ours.querySelector(".plain")?.addEventListener("click", () => {
      declined.add(theirs);
      box.classList.remove("wiretax-placed");
      ours.remove();
      theirs.querySelector("input")?.focus();
    });
  }

  function look() {
    for (const form of document.querySelectorAll("form:not(.wiretax-form)")) {
      const isPlaced = form.parentElement.querySelector(":scope > .wiretax-form") !== null;
      if (!isPlaced && !declined.has(form) && form.querySelector("[name=userCount]")) place(form);
    }
  }

  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", () => setTimeout(followTheme));
  look();
})();

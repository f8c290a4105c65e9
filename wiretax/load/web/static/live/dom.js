// Makes elements. Text from outside (names, messages) only ever becomes text nodes.

const SVG = "http://www.w3.org/2000/svg";
const shownIn = new Map();

export const at = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

export function drawn(name, attributes = {}, text = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    // The pages' policy allows no style attributes, so colours are set as properties.
    if (key === "fill" || key === "stroke") made.style[key] = value;
    else made.setAttribute(key, value);
  }
  if (text !== null) made.textContent = text;
  return made;
}

// Replaces what is in a place only if its content changed: a click is lost if its target goes while the button is down,
// and so are the keyboard's focus and a selection.
export function replaceChanged(place, content, make) {
  const shown = JSON.stringify(content);
  if (shownIn.get(place) === shown) return;
  shownIn.set(place, shown);
  place.replaceChildren(...make());
}

export function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

// A table of plain cells; a cell is a text, a node, or [content, class].
export function table(heads, rows, caption) {
  const cell = (name, content, attributes = {}) => {
    const [inside, kind] = Array.isArray(content) ? content : [content, ""];
    return element(name, kind ? { ...attributes, class: kind } : attributes, inside);
  };
  const head = element("tr", {}, ...heads.map((each) => cell("th", each, { scope: "col" })));
  const body = rows.map(([first, ...others]) =>
    element("tr", {}, cell("th", first, { scope: "row" }), ...others.map((each) => cell("td", each))));
  return element("table", {},
    element("caption", { class: "unseen" }, caption), element("thead", {}, head), element("tbody", {}, ...body));
}

// A line for each part of a text.
export function lines(text) {
  const parts = text.split("\n");
  return element("span", {}, ...parts.flatMap((part, place) => (place ? [element("br"), part] : [part])));
}

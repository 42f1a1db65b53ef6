// Building elements: text goes in as text, so nothing that a message holds can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** One element. `props` may hold attributes, `on…` handlers, `dataset` and plain properties such as `className`. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "dataset") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && !name.startsWith("aria") && name !== "role") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** One of the drawings at the top of the page. */
export function icon(name, className = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  if (className) svg.setAttribute("class", className);
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Show another drawing in an element that holds one. */
export function swapIcon(node, name) {
  node.querySelector("use").setAttribute("href", `#i-${name}`);
}

export const byId = (id) => document.getElementById(id);

/** Text into an element; a screen reader hears it again with each write, so only what changed is written. */
export function put(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

/** Text into the clipboard; false where the browser does not allow it. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Play a class's animation from its beginning. */
export function restart(node, name) {
  node.classList.remove(name);
  void node.offsetWidth;
  node.classList.add(name);
  node.addEventListener("animationend", () => node.classList.remove(name), { once: true });
}

// Elements of the page. Text goes in as text: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Content} Child */

/**
 * @template {HTMLElement | SVGElement} T
 * @param {T} made
 * @param {Record<string, any>} properties
 * @param {Child[]} children
 * @returns {T}
 */
function build(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.setAttribute("class", value);
    else if (name === "style") Object.assign(made.style, value);
    else if (name in made && !(made instanceof SVGElement) && !name.includes("-") && name !== "list" && name !== "form")
      /** @type {any} */ (made)[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...flat(children));
  return made;
}

/**
 * What goes into an element, one after the other.
 * @param {readonly Child[]} children
 * @returns {(Node | string)[]}
 */
export function flat(children) {
  return children.flatMap((child) => {
    if (Array.isArray(child)) return flat(child);
    if (child === null || child === undefined || child === false) return [];
    return [child instanceof Node ? child : String(child)];
  });
}

/**
 * An HTML element: `el("button", { class: "quiet", onclick: f }, "Text", other)`.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} properties
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, properties = {}, ...children) {
  return build(document.createElement(tag), properties, children);
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} attributes
 * @param {Child[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * Changes text and attributes only where they differ: what stays is not laid out anew.
 * @param {Element} element
 * @param {string} words
 */
export function put(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
export function set(element, name, value) {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} on
 */
export function toggle(element, name, on) {
  if (element.classList.contains(name) !== Boolean(on)) element.classList.toggle(name, Boolean(on));
}

/**
 * @param {HTMLInputElement | HTMLSelectElement} field
 * @param {unknown} value
 */
export function fillIn(field, value) {
  const words = String(value);
  if (field.value !== words) field.value = words;
}

/**
 * Does something when Enter is pressed in a field. Not by a form: in a notebook's frame none can be submitted.
 * @param {HTMLElement} field
 * @param {() => void} action
 */
export function onEnter(field, action) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // else it would press the button that has the focus by then
    action();
  });
}

// Whether the page is dark.
export function isDark() {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// @ts-check
/** Builds elements from text, never from markup, so nothing a member typed can become code. */

/**
 * @param {string} tag
 * @param {Record<string, string | (() => void)>} [traits] attributes; a function is a click handler
 * @param {(Node | string | null)[]} children null is left out
 * @returns {HTMLElement}
 */
export function make(tag, traits = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (typeof value === "function") element.addEventListener("click", value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * @param {string} name one of the page's symbols
 * @returns {SVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.append(use);
  return picture;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`);
  return element;
}

/**
 * @param {string} id of a script element that holds JSON
 * @returns {any}
 */
export function data(id) {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null");
}

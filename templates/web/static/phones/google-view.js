// @ts-check
/** A saved pass opened in Google Wallet: the card, and below it what its issuer says and offers. */

import { clockTime, picture, stencil } from "./contract.js";
import { GoogleCard, logo, paint } from "./google-card.js";

/** @typedef {import("./contract.js").GooglePass} GooglePass */
/** @typedef {import("./contract.js").Field} Field */

export class GoogleView {
  /** @param {{ back: () => void, remove: () => void }} hands */
  constructor(hands) {
    const { root, part } = stencil("google-view");
    this.root = root;
    this.part = part;
    this.card = new GoogleCard();
    this.drawn = "";
    part("card").append(this.card.root);
    part("back").addEventListener("click", hands.back);
    part("remove").addEventListener("click", hands.remove);
  }

  /**
   * @param {GooglePass} pass
   * @param {Record<string, string>} words
   */
  draw(pass, words) {
    const drawn = JSON.stringify(pass);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.root.dataset.testid = `pass-${pass.object_id}`;
    this.part("back-text").textContent = words.back;
    this.part("remove").textContent = words.remove;
    this.part("remove").dataset.testid = `remove-${pass.object_id}`;
    this.part("details-title").textContent = words.details;
    this.card.draw(pass, words);
    this.button(pass);
    this.list("offers", pass.offers.map(offerTile), words.offers);
    this.list("messages", pass.messages.map(messageItem), words.messages);
    this.part("extras").hidden = pass.extras.length === 0;
    this.part("extras").replaceChildren(...pass.extras.map(extraItem));
    this.part("details").replaceChildren(...pass.details.flatMap(detailItems));
    this.part("images").replaceChildren(...pass.images.map(image));
    this.part("links").replaceChildren(...pass.links.map(linkItem));
    this.part("updated").textContent = words.updated.replace("{time}", clockTime(pass.updated_at));
  }

  /** @param {GooglePass} pass */
  button(pass) {
    const button = this.part("button");
    button.hidden = !pass.button;
    button.textContent = pass.button?.text ?? "";
    if (pass.button?.uri) button.href = pass.button.uri;
    else button.removeAttribute("href");
  }

  /**
   * @param {string} name
   * @param {HTMLElement[]} items
   * @param {string} title
   */
  list(name, items, title) {
    this.part(`${name}-section`).hidden = items.length === 0;
    this.part(`${name}-title`).textContent = title;
    this.part(name).replaceChildren(...items);
  }
}

/** @param {GooglePass} offer as a ticket of its own colour, with its terms below */
function offerTile(offer) {
  const item = document.createElement("li");
  const drawer = document.createElement("details");
  const head = document.createElement("summary");
  drawer.className = "goffer";
  drawer.dataset.testid = `offer-${offer.object_id}`;
  paint(drawer, offer);
  const fields = offer.rows.flat();
  head.append(text("span", offer.title, "goffer__title"));
  head.append(
    text("span", fields.map((field) => `${field.label} ${field.value}`.trim()).join(" · ") || offer.issuer_name),
  );
  drawer.append(head, ...offer.details.flatMap(detailItems).map(asParagraph));
  item.append(drawer);
  return item;
}

/** @param {Field} message */
function messageItem(message) {
  const item = document.createElement("li");
  item.className = "gmessage";
  item.dataset.testid = `message-${message.key}`;
  item.append(text("b", message.label), text("span", message.value));
  return item;
}

/** @param {{ header: string, body: string, uri: string, image: { source: string, text: string } | null }} extra */
function extraItem(extra) {
  const item = document.createElement("li");
  const box = extra.uri ? link(extra.uri) : document.createElement("div");
  const words = document.createElement("span");
  words.append(text("b", extra.header), text("span", extra.body));
  box.classList.add("gextra");
  if (extra.image) box.append(image(extra.image));
  box.append(words);
  item.append(box);
  return item;
}

/** @param {Field} field */
function detailItems(field) {
  const label = text("dt", field.label);
  const value = text("dd", field.value);
  value.dataset.testid = `detail-${field.key}`;
  return [label, value];
}

/** @param {HTMLElement} element */
function asParagraph(element) {
  return text("p", element.textContent ?? "", element.localName === "dt" ? "goffer__label" : "");
}

/** @param {{ text: string, uri: string }} found */
function linkItem(found) {
  const item = document.createElement("li");
  const anchor = link(found.uri);
  anchor.textContent = found.text;
  item.append(anchor);
  return item;
}

/** @param {string} uri */
function link(uri) {
  const anchor = document.createElement("a");
  anchor.href = uri;
  anchor.target = "_blank";
  anchor.rel = "noreferrer";
  return anchor;
}

/** @param {{ source: string, text: string }} found */
function image(found) {
  const element = document.createElement("img");
  picture(element, found.source);
  element.alt = found.text;
  return element;
}

/**
 * @param {string} name
 * @param {string} content
 * @param {string} [className]
 */
function text(name, content, className = "") {
  const element = document.createElement(name);
  element.textContent = content;
  if (className) element.className = className;
  return element;
}

/** A line of the list of passes. */
export class GoogleTile {
  /** @param {() => void} open */
  constructor(open) {
    const { root, part } = stencil("google-tile");
    this.root = root;
    this.part = part;
    part("open").addEventListener("click", open);
  }

  /** @param {GooglePass} pass */
  draw(pass) {
    paint(this.part("open"), pass);
    logo(this.part, pass);
    this.part("open").dataset.testid = `tile-${pass.object_id}`;
    this.part("title").textContent = pass.list_title;
    this.part("subtitle").textContent = pass.list_subtitle;
  }
}

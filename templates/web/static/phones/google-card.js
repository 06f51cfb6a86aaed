// @ts-check
/** One card as Google Wallet draws it: logo in a circle, names, rows, code, picture at the bottom. */

import { picture, stencil } from "./contract.js";

/** @typedef {import("./contract.js").Field} Field */
/** @typedef {import("./contract.js").GooglePass} GooglePass */
/** @typedef {import("./contract.js").GoogleFace} GoogleFace */

const GLOW_MS = 2600;

export class GoogleCard {
  constructor() {
    const { root, part } = stencil("google-card");
    this.root = root;
    this.part = part;
    /** @type {Map<string, string>} what each field showed last */
    this.shown = new Map();
  }

  /**
   * @param {GoogleFace & Partial<GooglePass>} card
   * @param {Record<string, string>} words in the owner's language
   */
  draw(card, words) {
    paint(this.root, card);
    logo(this.part, card);
    this.part("issuer").textContent = card.issuer_name;
    this.part("title").textContent = card.title;
    this.part("subtitle").textContent = card.subtitle;
    this.part("subtitle").hidden = !card.subtitle;
    this.root.classList.toggle("is-void", card.is_expired);
    this.part("void").hidden = !card.is_expired;
    this.part("void").textContent = words.invalid ?? "";
    picture(this.part("hero"), card.hero?.source);
    this.part("hero").alt = card.hero?.text ?? "";
    this.part("rows").replaceChildren(...card.rows.map((row) => this.row(row)));
    this.code(card, words);
    this.shown = new Map(card.rows.flat().map((field) => [field.key, field.value]));
  }

  /** @param {Field[]} fields */
  row(fields) {
    const row = document.createElement("div");
    row.className = "gcard__row";
    row.append(...fields.map((field) => this.field(field)));
    return row;
  }

  /** @param {Field} field */
  field(field) {
    const box = fieldBox(field);
    const before = this.shown.get(field.key);
    if (before !== undefined && before !== field.value) {
      box.classList.add("is-news");
      setTimeout(() => box.classList.remove("is-news"), GLOW_MS);
    }
    return box;
  }

  /**
   * @param {Partial<GooglePass>} card
   * @param {Record<string, string>} words
   */
  code(card, words) {
    const code = card.barcode;
    this.part("code").hidden = !code;
    if (!code) return;
    this.part("above").replaceChildren(...code.above.map(fieldBox));
    this.part("below").replaceChildren(...code.below.map(fieldBox));
    picture(this.part("code-image"), code.image);
    this.part("code-image").alt = words.code ?? "";
    this.part("code-image").dataset.value = code.value;
    this.part("code-text").textContent = code.text;
  }
}

/**
 * @param {HTMLElement} element
 * @param {GoogleFace} card whose colours it gets
 */
export function paint(element, card) {
  element.style.setProperty("--card-ground", card.background_color);
  element.style.setProperty("--card-ink", card.foreground_color);
}

/**
 * The logo, or the issuer's first letter where there is none.
 *
 * @param {(name: string) => any} part
 * @param {GoogleFace} card
 */
export function logo(part, card) {
  picture(part("logo"), card.logo?.source);
  part("logo-letter").hidden = !!card.logo;
  part("logo-letter").textContent = (card.issuer_name || card.title).slice(0, 1).toUpperCase();
  part("logo-place").classList.toggle("is-wide", card.is_logo_wide);
}

/** @param {Field} field */
function fieldBox(field) {
  const box = document.createElement("div");
  const label = document.createElement("span");
  const value = document.createElement("span");
  box.className = "gcard__field";
  box.dataset.testid = `field-${field.key}`;
  label.className = "gcard__label";
  label.textContent = field.label;
  value.className = "gcard__value";
  value.textContent = field.value;
  box.append(label, value);
  return box;
}

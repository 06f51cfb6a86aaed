// @ts-check
/** One card as Wallet draws a store card: logo, strip with the big figure, fields, code; and its back. */

import { clockTime, picture, stencil } from "./contract.js";

/** @typedef {import("./contract.js").Field} Field */
/** @typedef {import("./contract.js").Pass} Pass */

const GLOW_MS = 2600;

export class PassView {
  /**
   * @param {Record<string, string>} texts
   * @param {{ remove: () => void, select: () => boolean }} hands `select` brings the card to the
   *   front and says whether it was there already
   */
  constructor(texts, hands) {
    this.texts = texts;
    const { root, part } = stencil("wallet-pass");
    this.root = root;
    this.part = part;
    this.drawn = "";
    /** @type {Map<string, string>} what each field showed last */
    this.shown = new Map();
    const turn = () => hands.select() && this.flip(true);
    part("front").addEventListener("click", turn);
    part("front").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      turn();
    });
    part("done").addEventListener("click", () => this.flip(false));
    part("remove").addEventListener("click", hands.remove);
  }

  /** @param {boolean} isBack */
  flip(isBack) {
    this.root.classList.toggle("is-turned", isBack);
    this.part("back-side").hidden = !isBack;
    this.part("front").inert = isBack;
    this.part(isBack ? "done" : "front").focus({ preventScroll: true });
  }

  /** @param {Pass} pass */
  draw(pass) {
    const drawn = JSON.stringify(pass);
    if (drawn === this.drawn) return;
    const isFirst = this.drawn === "";
    this.drawn = drawn;
    this.colours(pass);
    this.pictures(pass);
    this.root.dataset.testid = `pass-${pass.serial_number}`;
    this.part("front").dataset.testid = `front-${pass.serial_number}`;
    this.part("remove").dataset.testid = `remove-${pass.serial_number}`;
    this.part("logo-text").textContent = pass.logo_text;
    this.part("description").textContent = pass.description;
    this.part("updated").textContent = this.texts.updated.replace(
      "{time}",
      clockTime(pass.updated_at),
    );
    this.part("void").hidden = !pass.is_voided;
    this.root.classList.toggle("is-void", pass.is_voided);

    const changed = isFirst ? new Set() : new Set(pass.changed_keys);
    /** @param {Field} field */
    const isNews = (field) =>
      !isFirst &&
      (changed.has(field.key) || this.shown.has(field.key)) &&
      this.shown.get(field.key) !== field.value;
    this.part("header").replaceChildren(
      ...pass.header.map((field) => fieldBox(field, isNews(field))),
    );
    this.part("primary").replaceChildren(
      ...pass.primary.map((field) => fieldBox(field, isNews(field))),
    );
    this.part("row").replaceChildren(
      ...[...pass.secondary, ...pass.auxiliary].map((field) => fieldBox(field, isNews(field))),
    );
    this.part("back").replaceChildren(...pass.back.map((field) => fieldBox(field, isNews(field))));
    for (const field of [
      ...pass.header,
      ...pass.primary,
      ...pass.secondary,
      ...pass.auxiliary,
      ...pass.back,
    ]) {
      this.shown.set(field.key, field.value);
    }
  }

  /** @param {Pass} pass */
  colours(pass) {
    this.root.style.setProperty("--pass-background", pass.background_color || "rgb(80, 80, 86)");
    this.root.style.setProperty("--pass-foreground", pass.foreground_color || "rgb(255, 255, 255)");
    this.root.style.setProperty(
      "--pass-label",
      pass.label_color || pass.foreground_color || "rgb(255, 255, 255)",
    );
  }

  /** @param {Pass} pass */
  pictures(pass) {
    picture(this.part("logo"), pass.images.logo);
    picture(this.part("strip"), pass.images.strip);
    this.part("barcode").hidden = !pass.barcode;
    picture(this.part("barcode-image"), pass.barcode?.image);
    this.part("barcode-text").textContent = pass.barcode?.alt_text ?? "";
    this.part("barcode-image").dataset.message = pass.barcode?.message ?? "";
  }
}

/**
 * @param {Field} field
 * @param {boolean} isNews whether it glows for a moment
 */
function fieldBox(field, isNews) {
  const box = document.createElement("div");
  const label = document.createElement("span");
  const value = document.createElement("span");
  box.className = "pass__field";
  box.dataset.testid = `field-${field.key}`;
  label.className = "pass__label";
  label.textContent = field.label;
  value.className = "pass__value";
  value.textContent = field.value;
  box.append(label, value);
  if (isNews) {
    box.classList.add("is-news");
    setTimeout(() => box.classList.remove("is-news"), GLOW_MS);
  }
  return box;
}

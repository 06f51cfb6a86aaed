// @ts-check
/** Apple's Wallet on one phone: cards behind each other, the chosen one in front and whole. */

import { post } from "./contract.js";
import { PassView } from "./pass.js";

/** @typedef {import("./contract.js").Phone} Phone */

export class StackView {
  /**
   * @param {(name: string) => any} part of the phone
   * @param {string} path of the phone
   * @param {Record<string, string>} texts
   */
  constructor(part, path, texts) {
    this.part = part;
    this.path = path;
    this.texts = texts;
    /** @type {Map<string, PassView>} by serial number */
    this.passes = new Map();
    this.front = "";
  }

  /** @param {Phone} phone */
  draw(phone) {
    this.part("empty").hidden = phone.passes.length > 0;
    const serials = new Set(phone.passes.map((pass) => pass.serial_number));
    for (const [serial, view] of this.passes) {
      if (serials.has(serial)) continue;
      view.root.remove();
      this.passes.delete(serial);
    }
    for (const pass of phone.passes) {
      const serial = pass.serial_number;
      let view = this.passes.get(serial);
      if (!view) {
        view = new PassView(this.texts, {
          remove: () => post(`${this.path}/passes/${encodeURIComponent(serial)}/remove`, {}),
          select: () => this.select(serial),
        });
        this.passes.set(serial, view);
        this.front = serial;
        this.part("stack").append(view.root);
      }
      view.draw(pass);
    }
    if (!serials.has(this.front)) this.front = [...serials].pop() ?? "";
    this.arrange();
  }

  /**
   * @param {string} serial
   * @returns {boolean} whether the card was in front already
   */
  select(serial) {
    const wasFront = this.front === serial;
    this.front = serial;
    this.arrange();
    return wasFront;
  }

  /** The chosen card lies last and whole; the others show their top edge above it. */
  arrange() {
    for (const [serial, view] of this.passes)
      view.root.classList.toggle("is-front", serial === this.front);
    const front = this.passes.get(this.front);
    const stack = this.part("stack");
    if (front && stack.lastElementChild !== front.root) stack.append(front.root);
  }
}

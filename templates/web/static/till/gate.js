// @ts-check
/** The PIN pad in front of the desk. */

import { post } from "./contract.js";
import { find } from "./dom.js";
import { wakeSound } from "./signals.js";

export class Gate {
  /**
   * @param {Record<string, string>} texts
   * @param {(staff: string) => void} opened
   */
  constructor(texts, opened) {
    this.texts = texts;
    this.opened = opened;
    this.form = find("gate", HTMLFormElement);
    this.pin = find("pin", HTMLInputElement);
    this.error = find("pin-error", HTMLElement);
    this.isAsking = false;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      wakeSound();
      void this.ask();
    });
  }

  open() {
    this.form.hidden = false;
    this.pin.value = "";
    this.error.textContent = "";
    this.pin.focus();
  }

  async ask() {
    if (this.isAsking) return;
    if (!/^\d{4,6}$/.test(this.pin.value)) return this.refuse(this.texts.pin_short);
    this.isAsking = true;
    const reply = await post("/till/pin", { pin: this.pin.value });
    this.isAsking = false;
    if (!reply) return this.refuse(this.texts.pin_offline);
    if (reply.status === 401 && reply.body.code === "signed_out")
      return location.assign("/till/login");
    if (reply.status !== 200) return this.refuse(reply.body.detail || reply.body.title);
    this.form.hidden = true;
    this.opened(reply.body.staff.name);
  }

  /** @param {string} text */
  refuse(text) {
    this.error.textContent = text;
    this.pin.value = "";
    this.pin.focus();
  }
}

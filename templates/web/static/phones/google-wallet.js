// @ts-check
/** Google Wallet on one phone: the list of passes, and the one that is open. */

import { post } from "./contract.js";
import { GoogleTile, GoogleView } from "./google-view.js";

/** @typedef {import("./contract.js").AndroidPhone} AndroidPhone */
/** @typedef {import("./contract.js").GooglePass} GooglePass */

export class GoogleWalletView {
  /**
   * @param {(name: string) => any} part of the phone
   * @param {string} path of the phone
   */
  constructor(part, path) {
    this.part = part;
    this.path = path;
    /** @type {Map<string, { tile: GoogleTile, view: GoogleView }>} by object id */
    this.passes = new Map();
    this.open = "";
  }

  /** @param {AndroidPhone} phone */
  draw(phone) {
    const { words } = phone;
    this.part("wallet").lang = phone.language;
    this.part("avatar").textContent = phone.account.name.slice(0, 1);
    this.part("empty").textContent = words.empty;
    this.part("empty").hidden = phone.passes.length > 0;
    const ids = new Set(phone.passes.map((pass) => pass.object_id));
    for (const [id, { tile, view }] of this.passes) {
      if (ids.has(id)) continue;
      tile.root.remove();
      view.root.remove();
      this.passes.delete(id);
    }
    for (const pass of phone.passes) this.drawPass(pass, words);
    if (!ids.has(this.open)) this.open = "";
    const expired = phone.passes.filter((pass) => pass.is_expired).length;
    this.part("expired").hidden = expired === 0;
    this.part("expired-title").textContent = `${words.expired} (${expired})`;
    this.arrange();
  }

  /**
   * @param {GooglePass} pass
   * @param {Record<string, string>} words
   */
  drawPass(pass, words) {
    const id = pass.object_id;
    let held = this.passes.get(id);
    if (!held) {
      held = {
        tile: new GoogleTile(() => this.turnTo(id)),
        view: new GoogleView({
          back: () => this.turnTo(""),
          remove: () => post(`${this.path}/passes/${encodeURIComponent(id)}/remove`, {}),
        }),
      };
      this.passes.set(id, held);
      this.part("views").append(held.view.root);
      this.open = id;
    }
    held.tile.draw(pass);
    held.view.draw(pass, words);
    const list = this.part(pass.is_expired ? "expired-list" : "list");
    if (held.tile.root.parentElement !== list) list.prepend(held.tile.root);
  }

  /**
   * Open a pass, or the list with no id, and take the focus along.
   *
   * @param {string} id
   */
  turnTo(id) {
    const left = this.passes.get(this.open);
    this.open = id;
    this.arrange();
    const target = id ? this.passes.get(id)?.view.part("back") : left?.tile.part("open");
    target?.focus({ preventScroll: true });
  }

  arrange() {
    this.part("home").hidden = this.open !== "";
    this.part("views").hidden = this.open === "";
    for (const [id, { view }] of this.passes) view.root.hidden = id !== this.open;
  }
}

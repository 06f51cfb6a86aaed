// @ts-check
/** One virtual phone: its screen, and what can be done to it from beside it. */

import { clockTime, post, stencil } from "./contract.js";
import { GoogleWalletView } from "./google-wallet.js";
import { StackView } from "./stack.js";

/** @typedef {import("./contract.js").AnyPhone} AnyPhone */
/** @typedef {import("./contract.js").Notification} Notification */

const MOST_NOTICES = 3;

export class PhoneView {
  /**
   * @param {AnyPhone} phone
   * @param {Record<string, string>} texts
   */
  constructor({ id, system, make }, texts) {
    this.path = `/phones/${encodeURIComponent(id)}`;
    this.texts = texts;
    this.isAndroid = system === "android";
    const { root, part } = stencil(`phone-${system}`);
    this.root = root;
    this.part = part;
    this.wallet = this.isAndroid
      ? new GoogleWalletView(part, this.path)
      : new StackView(part, this.path, texts);
    /** @type {Map<string, HTMLElement>} what lies on the lock screen */
    this.notices = new Map();
    this.isOn = true;
    root.id = id;
    root.dataset.testid = `phone-${id}`;
    if (make) part("device").dataset.make = make;
    part("url").id = `url-${id}`;
    part("add-label").setAttribute("for", `url-${id}`);
    part("log-drawer").open = matchMedia("(min-width: 75rem)").matches;
    part("power").dataset.testid = `power-${id}`;
    part("power").addEventListener("click", () =>
      post(`${this.path}/power`, { is_on: !this.isOn }),
    );
    part("clear").addEventListener("click", () => post(`${this.path}/notifications/clear`, {}));
    part("add").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.add(part("url").value);
    });
  }

  /** @param {string} url of a pass file, or of a page that leads to one */
  async add(url) {
    const button = this.part("add").querySelector("button");
    button.textContent = this.texts.adding;
    const error = await post(`${this.path}/add`, { url });
    button.textContent = this.texts.add;
    this.part("add-error").hidden = !error;
    this.part("add-error").textContent = error;
    this.part("url").value = error ? url : "";
  }

  /** @param {AnyPhone} phone */
  draw(phone) {
    this.isOn = phone.is_on;
    this.part("name").textContent = phone.name;
    this.part("power").setAttribute("aria-checked", String(phone.is_on));
    this.part("screen").classList.toggle("is-off", !phone.is_on);
    this.part("wallet").inert = !phone.is_on;
    this.part("hint").hidden = phone.is_on && phone.passes.length === 0;
    const hint = this.isAndroid ? this.texts.android_hint : this.texts.hint;
    this.part("hint").textContent = phone.is_on ? hint : this.texts.off_hint;
    this.part("clear").hidden = phone.notifications.length === 0;
    this.wallet.draw(/** @type {any} */ (phone));
    this.drawNotices(phone.notifications);
    this.drawLog(phone.log);
  }

  /** @param {Notification[]} notifications */
  drawNotices(notifications) {
    const newest = [...notifications]
      .sort((a, b) => b.at.localeCompare(a.at))
      .slice(0, MOST_NOTICES);
    const keys = new Set(newest.map(keyOf));
    for (const [key, notice] of this.notices) {
      if (keys.has(key)) continue;
      notice.remove();
      this.notices.delete(key);
    }
    for (const notification of newest.reverse()) {
      const key = keyOf(notification);
      if (this.notices.has(key)) continue;
      const notice = noticeBox(notification);
      this.notices.set(key, notice);
      this.part("notices").prepend(notice);
    }
  }

  /** @param {{ at: string, text: string }[]} log */
  drawLog(log) {
    const list = this.part("log");
    if (list.childElementCount === log.length && list.dataset.last === log.at(-1)?.at) return;
    list.dataset.last = log.at(-1)?.at ?? "";
    list.replaceChildren(
      ...log.map((entry) => {
        const item = document.createElement("li");
        const time = document.createElement("time");
        time.textContent = clockTime(entry.at);
        item.append(time, entry.text);
        return item;
      }),
    );
    list.scrollTop = list.scrollHeight;
  }
}

/** @param {Notification} notification */
function keyOf(notification) {
  return `${notification.at} ${notification.title} ${notification.text}`;
}

/** @param {Notification} notification */
function noticeBox(notification) {
  const box = document.createElement("div");
  box.className = "notice-card";
  box.dataset.testid = "notification";
  const title = document.createElement("b");
  const time = document.createElement("time");
  const text = document.createElement("span");
  title.textContent = notification.title;
  time.textContent = clockTime(notification.at).slice(0, 5);
  text.textContent = notification.text;
  box.append(title, time, text);
  return box;
}

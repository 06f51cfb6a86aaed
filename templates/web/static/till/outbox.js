// @ts-check
/**
 * Sends what was scanned until it is answered, and forgets nothing while it is not.
 *
 * Every parcel is kept in the browser's storage under a key of its own, so two tabs do not overwrite
 * each other, and is sent again under the same id after a reload: the service answers a repeated id
 * with its first answer.
 */

import { post } from "./contract.js";

/** @typedef {import("./contract.js").Parcel} Parcel */
/** @typedef {import("./contract.js").Reply} Reply */

/**
 * @typedef {object} Listener
 * @property {(parcel: Parcel, reply: Reply) => void} answered the final word on a parcel
 * @property {(parcel: Parcel, isReachable: boolean) => void} waiting not answered yet; goes on trying
 * @property {() => void} pinNeeded the till was locked; parcels wait for `resume`
 * @property {() => void} signedOut the device must sign in again; parcels stay stored
 * @property {(count: number) => void} counted how many parcels are not answered
 */

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8000;
const PASSING_CODES = new Set(["in_flight", "idempotency_in_flight"]);

export class Outbox {
  /**
   * @param {string} name sets this till's parcels apart from those of another brand or place
   * @param {Listener} listener
   */
  constructor(name, listener) {
    this.prefix = `leima.till.${name}.`;
    this.listener = listener;
    /** @type {Map<string, Parcel>} */
    this.parcels = new Map();
    /** @type {Set<string>} parcels somebody is sending at this moment */
    this.travelling = new Set();
    /** @type {Set<() => void>} ends the pause of those who wait to try again */
    this.wakers = new Set();
    window.addEventListener("online", () => this.wake());
  }

  /** Takes up again what was stored before a reload. */
  restore() {
    for (const key of Object.keys(localStorage).filter((key) => key.startsWith(this.prefix))) {
      const stored = localStorage.getItem(key);
      if (!stored) continue;
      const parcel = /** @type {Parcel} */ (JSON.parse(stored));
      this.parcels.set(parcel.body.id, parcel);
    }
    this.listener.counted(this.parcels.size);
    return [...this.parcels.values()];
  }

  /** @param {Parcel} parcel */
  send(parcel) {
    this.parcels.set(parcel.body.id, parcel);
    try {
      localStorage.setItem(this.prefix + parcel.body.id, JSON.stringify(parcel));
    } catch {
      // Storage is full or forbidden: the parcel still lives as long as the page does.
    }
    this.listener.counted(this.parcels.size);
    void this.deliver(parcel);
  }

  /** Sends everything that is not on its way already, oldest first. */
  resume() {
    for (const parcel of this.parcels.values()) void this.deliver(parcel);
    this.wake();
  }

  wake() {
    for (const waker of this.wakers) waker();
  }

  /** @param {Parcel} parcel */
  async deliver(parcel) {
    const id = parcel.body.id;
    if (this.travelling.has(id)) return;
    this.travelling.add(id);
    for (let attempt = 0; ; attempt += 1) {
      const reply = await post(parcel.path, parcel.body);
      if (reply && !isPassing(reply)) {
        this.travelling.delete(id);
        this.settle(parcel, reply);
        return;
      }
      this.listener.waiting(parcel, reply !== null);
      await this.pause(attempt);
    }
  }

  /**
   * @param {Parcel} parcel
   * @param {Reply} reply
   */
  settle(parcel, reply) {
    if (reply.body.code === "pin_required") return this.listener.pinNeeded();
    if (reply.status === 401) return this.listener.signedOut();
    this.parcels.delete(parcel.body.id);
    localStorage.removeItem(this.prefix + parcel.body.id);
    this.listener.counted(this.parcels.size);
    this.listener.answered(parcel, reply);
  }

  /** @param {number} attempt */
  pause(attempt) {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        resolve(undefined);
      };
      const timer = setTimeout(wake, longest * (0.75 + Math.random() / 4));
      this.wakers.add(wake);
    });
  }
}

/**
 * True for an answer that says nothing about the parcel itself, so that it is sent again.
 *
 * @param {Reply} reply
 */
function isPassing(reply) {
  return reply.status >= 500 || PASSING_CODES.has(reply.body.code);
}

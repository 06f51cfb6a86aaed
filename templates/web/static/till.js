// @ts-check
/**
 * The till: scan, see, next.
 *
 * A scan gets its id here, before it is first sent, and is sent under that id until it is answered.
 * Only the newest scan speaks in the big panel; answers to earlier ones go to the list of latest.
 */

import { newId, post } from "./till/contract.js";
import { data, find } from "./till/dom.js";
import { Gate } from "./till/gate.js";
import { Outbox } from "./till/outbox.js";
import { Panel } from "./till/panel.js";
import { Recent } from "./till/recent.js";
import { signal, wakeSound } from "./till/signals.js";

/** @typedef {import("./till/contract.js").Answer} Answer */
/** @typedef {import("./till/contract.js").Parcel} Parcel */
/** @typedef {import("./till/contract.js").Reply} Reply */
/** @typedef {import("./till/contract.js").Scan} Scan */

const MOST_STAMPS = 5;
const context = data("till-context");
/** @type {Record<string, string>} */
const texts = data("till-texts");

const desk = find("desk", HTMLElement);
const code = find("code", HTMLInputElement);
const quantity = find("quantity", HTMLOutputElement);
const staff = /** @type {HTMLElement} */ (document.querySelector(".shelf__staff"));
const queue = find("queue", HTMLElement);
const lock = /** @type {HTMLElement} */ (document.querySelector(".shelf__lock"));

/** The id of the parcel the panel speaks about. */
let current = "";

const panel = new Panel(find("result", HTMLElement), texts);
const recent = new Recent(
  find("recent", HTMLElement),
  texts,
  (row) => row.event && undo(row.event),
);
const gate = new Gate(texts, opened);
const outbox = new Outbox(`${context.brand}.${context.location}`, {
  answered,
  waiting,
  pinNeeded: closed,
  signedOut: () => location.assign("/till/login"),
  counted,
});

/* ---- sending ---- */

/**
 * @param {string} scanned
 * @param {Partial<Scan>} [more]
 */
function scan(scanned, more = {}) {
  const count = Number(quantity.value);
  const body = {
    id: newId(),
    code: scanned,
    quantity: count,
    action: /** @type {const} */ ("scan"),
    is_deliberate: false,
    at: new Date().toISOString(), // sent late, it still counts as scanned now
    ...more,
  };
  current = body.id;
  panel.sending(scanned.slice(-4));
  recent.put(
    body.id,
    texts.code_ending.replace("{tail}", scanned.slice(-4)),
    "sending",
    texts.sending,
  );
  setQuantity(1);
  outbox.send({ path: "/till/scan", body });
}

/** @param {string} event */
function undo(event) {
  const body = { id: newId(), event };
  current = body.id;
  panel.sending("");
  outbox.send({ path: "/till/undo", body });
}

/* ---- hearing ---- */

/**
 * @param {Parcel} parcel
 * @param {Reply} reply
 */
function answered(parcel, reply) {
  const answer = reply.status === 200 ? /** @type {Answer} */ (reply.body) : refusal(reply);
  if (parcel.path === "/till/undo") recent.undone(parcel.body.event, answer);
  else recent.settle(parcel.body.id, answer);
  if (parcel.body.id !== current) return;
  signal(answer.level);
  panel.show(answer, {
    act: (action) => parcel.path === "/till/scan" && follow(parcel.body, action),
    choose: (card) =>
      parcel.path === "/till/scan" &&
      scan(parcel.body.code, { card, quantity: parcel.body.quantity }),
    undo: () => answer.event && undo(answer.event),
  });
}

/**
 * A further step with the card just scanned: a new happening, so a new id.
 *
 * @param {Scan} first
 * @param {import("./till/contract.js").ActionName} action
 */
function follow(first, action) {
  const card = first.card ? { card: first.card } : {};
  if (action === "redeem") scan(first.code, { ...card, action, quantity: 1 });
  else
    scan(first.code, {
      ...card,
      action: "stamp",
      quantity: first.quantity,
      is_deliberate: action === "stamp_anyway",
    });
}

/**
 * @param {Reply} reply
 * @returns {Answer}
 */
function refusal({ body }) {
  const isUnknown = body.code === "card_unknown";
  const text = isUnknown ? texts.not_recognised : body.detail || body.title || texts.refused;
  const detail = isUnknown ? texts.not_recognised_detail : "";
  return {
    event: null,
    level: "red",
    code: body.code ?? "refused",
    text,
    detail,
    card: null,
    actions: [],
    choices: [],
    is_undoable: false,
  };
}

/**
 * @param {Parcel} parcel
 * @param {boolean} isReachable
 */
function waiting(parcel, isReachable) {
  queue.hidden = false;
  if (parcel.path === "/till/scan") {
    const who = texts.code_ending.replace("{tail}", parcel.body.code.slice(-4));
    recent.put(
      parcel.body.id,
      who,
      "amber",
      isReachable ? texts.service_down : texts.no_connection,
    );
  }
  if (parcel.body.id !== current || panel.place.dataset.level === "amber") return;
  signal("amber");
  panel.waiting(isReachable);
}

/**
 * The count shows from the first failed attempt until everything is answered.
 *
 * @param {number} count
 */
function counted(count) {
  queue.hidden = count === 0 || queue.hidden;
  queue.textContent =
    count === 1 ? texts.one_waiting : texts.many_waiting.replace("{count}", String(count));
}

/* ---- opening and closing ---- */

/** @param {string} name */
function opened(name) {
  staff.textContent = name;
  lock.hidden = false;
  desk.hidden = false;
  code.focus();
  outbox.resume();
}

/** The desk goes behind the PIN pad; what waits to be sent is answered once somebody opens it. */
function closed() {
  staff.textContent = "";
  lock.hidden = true;
  desk.hidden = true;
  gate.open();
}

lock.addEventListener("click", () => {
  current = "";
  panel.clear();
  recent.clear();
  closed();
  void post("/till/lock", {});
});

/* ---- hands ---- */

/** @param {number} count */
function setQuantity(count) {
  quantity.value = String(Math.min(MOST_STAMPS, Math.max(1, count)));
  quantity.classList.toggle("is-many", quantity.value !== "1");
}

find("scan", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  wakeSound();
  const scanned = code.value.trim();
  code.value = "";
  code.focus();
  if (scanned) scan(scanned);
});

document.addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("button") : null;
  if (!pressed) return;
  wakeSound();
  if (pressed.dataset.step) setQuantity(Number(quantity.value) + Number(pressed.dataset.step));
  if (pressed.dataset.key) type(pressed.dataset.key);
});

/** @param {string} key a digit, or "back" */
function type(key) {
  const input = desk.hidden ? gate.pin : code;
  const isFull = input.value.length >= input.maxLength;
  if (key === "back") input.value = input.value.slice(0, -1);
  else if (!isFull) input.value += key;
}

// A scanner types like a keyboard: whatever has the focus, its first character brings it back here.
document.addEventListener("keydown", (event) => {
  const input = desk.hidden ? gate.pin : code;
  if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey)
    return;
  if (document.activeElement !== input) input.focus();
});

// A touch outside the controls leaves the page ready for the scanner; the Tab key moves freely.
document.addEventListener("pointerup", () => {
  setTimeout(() => (desk.hidden ? gate.pin : code).focus({ preventScroll: true }), 0);
});

for (const parcel of outbox.restore()) {
  if (parcel.path === "/till/scan") {
    recent.put(
      parcel.body.id,
      texts.code_ending.replace("{tail}", parcel.body.code.slice(-4)),
      "sending",
      texts.sending,
    );
  }
}
if (context.is_open) {
  code.focus();
  outbox.resume();
} else {
  gate.open();
}

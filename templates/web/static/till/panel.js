// @ts-check
/** The big field on top: what the last scan did, for whom, and what can be done next. */

import { icon, make } from "./dom.js";

/** @typedef {import("./contract.js").Answer} Answer */
/** @typedef {import("./contract.js").Card} Card */

/**
 * @typedef {object} Choices what pressing a button in the panel does
 * @property {(action: import("./contract.js").ActionName) => void} act
 * @property {(card: string) => void} choose
 * @property {() => void} undo
 */

const CLEAR_AFTER_MS = 20_000;
const MOST_DOTS = 20;

export class Panel {
  /**
   * @param {HTMLElement} place
   * @param {Record<string, string>} texts
   */
  constructor(place, texts) {
    this.place = place;
    this.texts = texts;
    this.timer = 0;
    this.clear();
  }

  clear() {
    this.fill("idle", "idle", heading("scan", this.texts.idle, ""));
  }

  /** @param {string} tail the last characters of the code, to tell one scan from another */
  sending(tail) {
    const detail = tail && this.texts.code_ending.replace("{tail}", tail);
    this.fill("sending", "sending", heading("sending", this.texts.sending, detail));
  }

  /** @param {boolean} isReachable whether the service was reached but is not well */
  waiting(isReachable) {
    const text = isReachable ? this.texts.service_down : this.texts.no_connection;
    const code = isReachable ? "service_down" : "no_connection";
    this.fill("amber", code, heading("amber", text, this.texts.no_connection_detail));
  }

  /**
   * @param {Answer} answer
   * @param {Choices} choices
   */
  show(answer, choices) {
    this.fill(
      answer.level,
      answer.code,
      heading(answer.level, answer.text, answer.detail ?? ""),
      answer.card && this.card(answer.card),
      this.buttons(answer, choices),
    );
    this.timer = window.setTimeout(() => this.clear(), CLEAR_AFTER_MS);
  }

  /**
   * @param {string} level
   * @param {string} code
   * @param {(HTMLElement | null)[]} content
   */
  fill(level, code, ...content) {
    window.clearTimeout(this.timer);
    this.place.dataset.level = level;
    this.place.dataset.code = code;
    this.place.replaceChildren(...content.filter((part) => part !== null));
  }

  /** @param {Card} card */
  card(card) {
    const rewards = card.rewards === 1 ? this.texts.one_reward : this.texts.many_rewards;
    return make(
      "div",
      { class: "who", "data-testid": "till-card" },
      make("p", { class: "who__name" }, card.name),
      make("p", { class: "who__headline" }, card.headline),
      card.progress && card.progress.need <= MOST_DOTS ? dots(card.progress) : null,
      card.rewards > 0
        ? make(
            "p",
            { class: "who__reward" },
            icon("reward"),
            rewards.replace("{count}", String(card.rewards)),
          )
        : null,
      ...card.lines.map((line) =>
        make("p", { class: "who__line" }, `${line.label}: `, make("b", {}, line.value)),
      ),
      make(
        "p",
        { class: "who__number" },
        `${card.programme} · ${this.texts.number.replace("{number}", card.member_number)}`,
      ),
    );
  }

  /**
   * @param {Answer} answer
   * @param {Choices} choices
   */
  buttons(answer, choices) {
    const buttons = [
      ...answer.choices.map((choice) =>
        make(
          "button",
          {
            type: "button",
            class: "act",
            "data-testid": "till-choice",
            click: () => choices.choose(choice.card),
          },
          choice.label,
        ),
      ),
      ...answer.actions.map(({ action, label }, n) =>
        make(
          "button",
          {
            type: "button",
            class: n === 0 ? "act" : "act act--second",
            "data-testid": `till-${action.replace("_", "-")}`,
            click: () => choices.act(action),
          },
          label,
        ),
      ),
    ];
    if (answer.is_undoable && answer.event) {
      buttons.push(
        make(
          "button",
          {
            type: "button",
            class: "act act--second",
            "data-testid": "till-undo",
            click: choices.undo,
          },
          this.texts.undo,
        ),
      );
    }
    return buttons.length ? make("div", { class: "acts" }, ...buttons) : null;
  }
}

/**
 * @param {string} name
 * @param {string} text
 * @param {string} detail
 */
function heading(name, text, detail) {
  return make(
    "div",
    { class: "verdict" },
    make("span", { class: "verdict__icon" }, icon(name)),
    make(
      "div",
      {},
      make("p", { class: "verdict__text", "data-testid": "till-text" }, text),
      detail ? make("p", { class: "verdict__detail" }, detail) : null,
    ),
  );
}

/** @param {{ have: number, need: number }} progress */
function dots({ have, need }) {
  const row = make("div", { class: "dots", role: "img", "aria-label": `${have} / ${need}` });
  for (let n = 1; n <= need; n += 1)
    row.append(make("i", { class: n <= have ? "dot is-on" : "dot" }));
  return row;
}

// @ts-check
/** What staff hear and feel: one short sound and one vibration for each level. */

/** @typedef {import("./contract.js").Level} Level */

/** @type {Record<Level, { tones: [hertz: number, at: number, seconds: number][], shake: number[] }>} */
const SIGNALS = {
  green: {
    tones: [
      [880, 0, 0.07],
      [1318, 0.08, 0.12],
    ],
    shake: [40],
  },
  amber: {
    tones: [
      [587, 0, 0.11],
      [587, 0.17, 0.11],
    ],
    shake: [60, 60, 60],
  },
  red: {
    tones: [
      [233, 0, 0.18],
      [175, 0.2, 0.3],
    ],
    shake: [220, 80, 220],
  },
};

/** @type {AudioContext | null} */
let audio = null;

/** Browsers allow sound only after a touch or a key: call this from one. */
export function wakeSound() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
}

/** @param {Level} level */
export function signal(level) {
  const { tones, shake } = SIGNALS[level];
  navigator.vibrate?.(shake);
  if (!audio || audio.state !== "running") return;
  for (const [hertz, at, seconds] of tones) {
    const start = audio.currentTime + at;
    const tone = new OscillatorNode(audio, { frequency: hertz, type: "triangle" });
    const loudness = new GainNode(audio, { gain: 0 });
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.35, start + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + seconds);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + seconds);
  }
}

// The guided tour: one line at a time, moved on by what has happened in the chat, gone for good when closed.

import { byId, put } from "./dom.js";

const CLOSED = "tour-closed";

const said = (command) => ({ chat }) => chat.some(({ from_bot, text }) => !from_bot && command.test(text ?? ""));
const told = (words) => ({ chat }) => chat.some(({ from_bot, text }) => from_bot && words.test(text ?? ""));
const labels = ({ buttons }) => buttons?.flat().map(({ label }) => label) ?? [];
const offered = (label) => ({ chat }) => chat.some((message) => labels(message).some((words) => label.test(words)));
const either = (...facts) => (known) => facts.some((fact) => fact(known));

/** The day number of the newest order that still rests: its card offers to cancel it. A stop, which waits, is not taken back. */
const resting = ({ chat }) => chat.filter((message) => labels(message).includes("Cancel") && /\bopen at\b/.test(message.text ?? ""))
  .map(({ text }) => /#(\d+) (?:BUY|SELL)\b/.exec(text ?? "")?.[1]).findLast((number) => number);
const bought = told(/#\d+ BUY\b/);
const guarded = told(/\bStop placed\b/);
const flat = told(/\bFlat at \d/);
const takenBack = told(/#\d+ (?:BUY|SELL)\b[^]*\bcancelled\b/);

/** A step is over once `done`; `text` is its line, `words` what its button sends, `tap` the button in the chat that it shows. */
const STEPS = [
  { text: "Say hello", words: () => "/start", done: said(/./) },
  { text: "Log in to the paper account", words: () => "/login", done: said(/^\/login\b/i) },
  { text: "Ask for ten shares; nothing is sent yet", words: () => "/buy RELIANCE 10", done: either(offered(/^confirm buy/i), bought) },
  { text: "Read the card, then tap Confirm", tap: /^confirm buy/i, done: bought },
  { text: "See what you hold", words: () => "/positions", done: said(/^\/?(positions|p)\b/i) },
  { text: "Offer five above the price, so that it waits", words: ({ above }) => `/sell RELIANCE 5 ${above("RELIANCE")}`.trim(), done: either(offered(/^confirm sell/i), resting, takenBack) },
  { text: "Tap Confirm: this one rests in the book", tap: /^confirm sell/i, done: either(resting, takenBack) },
  { text: "Take it back", words: (known) => `/cancel_order ${resting(known) ?? ""}`.trim(), done: takenBack },
  { text: "Buy five with a stop and a target under one Confirm", words: () => "/buy RELIANCE 5 mis sl 1% t 1%", done: either(told(/Target, by me/), guarded) },
  { text: "Tap Confirm: the stop goes to the exchange once it fills", tap: /^confirm buy/i, done: guarded },
  { text: "Panic says what it would close before it closes anything", words: () => "/panic", done: either(offered(/^close these/i), flat) },
  { text: "Tap it: the stop becomes the exit", tap: /^close these/i, done: flat },
  { text: "That blocked new orders. Allow them again", words: () => "/resume", done: either(offered(/^yes, allow/i), told(/\ballowed again\b/i)) },
  { text: "It asks once more, in words", tap: /^yes, allow/i, done: told(/\ballowed again\b/i) },
  { text: "Read what the day made", words: () => "/report", done: said(/^\/report\b/i) },
  { text: "That was the tour. Now make the exchange misbehave", last: true, done: () => false },
];

/** `known` has `chat`, the messages, and `above(symbol)`, a price a little over the last one. */
export class Guide {
  #closed = false;
  #known;
  #write;
  #send;
  #show;
  #desk;

  constructor({ known, write, send, show, desk }) {
    this.#known = known;
    this.#write = write;
    this.#send = send;
    this.#show = show;
    this.#desk = desk;
    this.#closed = recall(CLOSED) === "yes";
    byId("guide-close").addEventListener("click", () => { this.#closed = true; keep(CLOSED, "yes"); this.refresh(); });
    byId("guide-try").addEventListener("click", () => this.#try());
  }

  get #at() {
    return STEPS.findIndex(({ done }) => !done(this.#known));
  }

  #try() {
    const step = STEPS[this.#at];
    if (step.tap) this.#show(step.tap);
    else if (step.last) this.#desk();
    else if (/\s/.test(step.words(this.#known))) this.#write(step.words(this.#known));
    else void this.#send(step.words(this.#known));
  }

  /** Something has happened in the chat, or prices have moved: the line may be another one now. */
  refresh() {
    const at = this.#at;
    const step = STEPS[at];
    byId("guide").hidden = this.#closed;
    put("guide-step", step.last ? "" : `${at + 1}/${STEPS.length - 1}`);
    put("guide-text", step.text);
    put("guide-try", step.tap ? "Show it" : step.last ? "To the desk" : step.words(this.#known));
  }
}

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // a browser may forbid the page to remember: then the tour simply starts again
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // see recall
  }
}

// The guided tour: one line at a time, moved on by what the person does, gone for good when closed.

import { byId } from "./dom.js";

const CLOSED = "tour-closed";

/** A step waits for words (`said`) or for a button (`tapped`); `text` is its line, `words` what its button sends. */
const STEPS = [
  { text: "Say hello", words: () => "/start", said: /^\/start\b/i },
  { text: "Log in to the paper account", words: () => "/login", said: /^\/login\b/i },
  { text: "Ask for ten shares; nothing is sent yet", words: () => "/buy RELIANCE 10", said: /^\/?(buy|b)\s+\S/i },
  { text: "Read the card, then tap Confirm", tapped: /^confirm/i },
  { text: "See what you hold", words: () => "/positions", said: /^\/?(positions|p)\b/i },
  { text: "Offer five above the price, so that it waits", words: ({ above }) => `/sell RELIANCE 5 ${above("RELIANCE")}`, said: /^\/?(sell|s)\s+\S/i },
  { text: "Tap Confirm: this one rests in the book", tapped: /^confirm/i },
  { text: "Take it back", words: ({ lastNumber }) => `/cancel_order ${lastNumber()}`.trim(), said: /^\/cancel_order\b/i },
  { text: "Stop all new orders at once", words: () => "/kill", said: /^\/kill\b/i },
  { text: "And allow them again", words: () => "/resume", said: /^\/resume\b/i },
  { text: "It asks once more, in words", tapped: /^yes/i },
  { text: "Read what the day made", words: () => "/report", said: /^\/report\b/i },
  { text: "That was the tour. Now make the exchange misbehave", last: true },
];

/** `known` answers `above(symbol)`, a price a little over the last one, and `lastNumber()`, the newest order's day number. */
export class Guide {
  #done = new Set(); // places in STEPS; whoever goes another way round is not led back
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
    byId("guide-close").addEventListener("click", () => { this.#closed = true; keep(CLOSED, "yes"); this.#draw(); });
    byId("guide-try").addEventListener("click", () => this.#try());
  }

  /** Find the place in the tour again from the chat's history. */
  resume(messages) {
    this.#done.clear();
    for (const message of messages) if (!message.from_bot) this.#mark(message.text);
    const labels = messages.flatMap(({ buttons }) => buttons?.flat() ?? []).map(({ label }) => label);
    STEPS.forEach(({ tapped }, index) => {
      const gone = tapped && this.#done.has(index - 1) && !labels.some((label) => tapped.test(label));
      if (gone) this.#done.add(index); // that button was tapped already, or has expired
    });
    this.#draw();
  }

  said(text) {
    this.#mark(text);
    this.#draw();
  }

  tapped(label) {
    const index = STEPS.findIndex(({ tapped }, at) => tapped?.test(label) && this.#done.has(at - 1) && !this.#done.has(at));
    if (index >= 0) this.#done.add(index);
    this.#draw();
  }

  /** Prices or order numbers have changed: the line may name others now. */
  refresh() {
    this.#draw();
  }

  #mark(text) {
    this.#done.add(0); // whoever has said anything needs no hello any more
    STEPS.forEach(({ said }, index) => {
      if (!said?.test(text ?? "")) return;
      this.#done.add(index);
      if (STEPS[index - 1]?.tapped) this.#done.add(index - 1); // who goes on without Confirm is not held back
    });
  }

  get #at() {
    return STEPS.findIndex((_, index) => !this.#done.has(index));
  }

  #try() {
    const step = STEPS[this.#at];
    if (step.tapped) this.#show(step.tapped);
    else if (step.last) this.#desk();
    else if (/\s/.test(step.words(this.#known))) this.#write(step.words(this.#known));
    else void this.#send(step.words(this.#known));
  }

  #draw() {
    const step = STEPS[this.#at];
    byId("guide").hidden = this.#closed;
    put("guide-step", step.last ? "" : `${this.#at + 1}/${STEPS.length - 1}`);
    put("guide-text", step.text);
    put("guide-try", step.tapped ? "Show it" : step.last ? "To the desk" : step.words(this.#known));
  }
}

// A screen reader hears the line again with each write, so only what changed is written.
function put(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
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

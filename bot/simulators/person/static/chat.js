// The log of the chat: bubbles, their buttons, edits in place, deletions, and what rings.

import { byId, copyText, el, icon, restart } from "./dom.js";
import { oneLine, rich } from "./richtext.js";
import { dayName, hm, moment, sameDay } from "./time.js";

const NEAR_END = 60; // pixels from the end at which the log still follows new messages
const TAP_WAITS = 20_000; // milliseconds until a button without an answer stops turning, as Telegram gives up on it

/**
 * `act` is what the log asks of the page: `say(text)`, `tap(id, data)`, `remove(id)`, `reply(message)`, `toast(text)`,
 * `picture(url, words)`. `news(message)` is told of each new message from the bot.
 */
export class Chat {
  #messages = new Map(); // id -> the newest version of the message
  #rows = new Map(); // id -> its <li>
  #waiting = new Map(); // "id data" -> timer, for buttons whose tap is not answered yet
  #open = new Set(); // ids whose expandable quotes the person opened
  #readUpTo = 0; // own messages up to this id have two ticks
  #unread = 0;
  #act;
  #log = byId("log");
  #list = byId("messages");
  #toEnd = byId("to-end");
  #badge = byId("unread");

  constructor(act) {
    this.#act = act;
    this.#log.addEventListener("scroll", () => this.#followed(), { passive: true });
    this.#toEnd.addEventListener("click", () => this.toEnd({ smooth: true }));
    this.#list.addEventListener("keydown", (event) => this.#walk(event));
    this.#list.addEventListener("focusin", (event) => this.#rove(event.target.closest("li.row")));
    // Growing bubbles, the keyboard of a phone, a picture that has loaded: whoever was at the end stays there.
    let follows = true;
    this.#log.addEventListener("scroll", () => { follows = this.#atEnd(); }, { passive: true });
    const resized = new ResizeObserver(() => { if (follows) this.toEnd(); });
    resized.observe(this.#list);
    resized.observe(this.#log);
  }

  get messages() {
    return [...this.#messages.values()];
  }

  message(id) {
    return this.#messages.get(id);
  }

  /** The whole chat, as after opening the page or after a gap; returns the messages that are new to this page. */
  replace(messages) {
    const first = this.#messages.size === 0;
    const fresh = messages.filter((message) => !this.#messages.has(message.id));
    const kept = new Set(messages.map((message) => message.id));
    for (const id of [...this.#messages.keys()]) if (!kept.has(id)) this.#drop(id);
    this.#list.setAttribute("aria-busy", "true");
    for (const message of messages) {
      if (!this.#messages.has(message.id)) this.#add(message, { quiet: true });
      else if (JSON.stringify(this.#messages.get(message.id)) !== JSON.stringify(message)) this.edit(message);
    }
    this.#list.removeAttribute("aria-busy");
    this.#days();
    this.toEnd();
    return first ? [] : fresh;
  }

  add(message) {
    if (this.#messages.has(message.id)) {
      this.edit(message);
      return;
    }
    const stay = this.#atEnd() || !message.from_bot;
    this.#add(message, { quiet: false });
    this.#days();
    if (stay) this.toEnd();
    else if (message.from_bot) this.#count(1);
  }

  edit(message) {
    const row = this.#rows.get(message.id);
    if (!row) {
      this.add(message);
      return;
    }
    this.#messages.set(message.id, message);
    if (message.from_bot) this.read();
    const stay = this.#atEnd();
    const held = row.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    this.#draw(row, message);
    if (held) (row.querySelector(`[data-key="${CSS.escape(held)}"]`) ?? row).focus({ preventScroll: true });
    restart(row.querySelector(".bubble"), "changed");
    for (const quoting of this.#list.querySelectorAll(`[data-quotes="${message.id}"] .answer-text`)) quoting.textContent = oneLine(message);
    if (stay) this.toEnd();
  }

  remove(id) {
    const row = this.#rows.get(id);
    if (!row) return;
    if (row.contains(document.activeElement)) this.#log.focus({ preventScroll: true });
    this.#messages.delete(id);
    this.#rows.delete(id);
    row.setAttribute("aria-hidden", "true");
    row.inert = true;
    row.style.setProperty("--height", `${row.offsetHeight}px`);
    row.classList.add("going");
    const gone = () => { row.remove(); this.#days(); };
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setTimeout(gone, calm ? 0 : 420);
  }

  /** The bot has done something: whatever was said before it has been read. */
  read() {
    const newest = Math.max(0, ...[...this.#messages.values()].filter((m) => !m.from_bot).map((m) => m.id));
    if (newest <= this.#readUpTo) return;
    this.#readUpTo = newest;
    for (const [id, row] of this.#rows) {
      const ticks = row.querySelector(".meta > .ticks");
      if (ticks && id <= newest && ticks.dataset.read !== "yes") this.#tick(ticks, true);
    }
  }

  /** A callback query was answered: its button stops turning. Without a known button, all do. */
  answered(messageId, data) {
    const key = keyOf(messageId, data);
    const keys = this.#waiting.has(key) ? [key]
      : [...this.#waiting.keys()].filter((each) => messageId === undefined || each.startsWith(`${messageId} `));
    for (const each of keys) this.#stopWaiting(each);
  }

  toEnd({ smooth = false } = {}) {
    this.#log.scrollTo({ top: this.#log.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    this.#count(-this.#unread);
  }

  /** Bring a message into view and point at it. */
  point(id) {
    const row = this.#rows.get(id);
    if (!row) {
      this.#act.toast("That message is gone");
      return;
    }
    this.reveal(row);
    restart(row, "pointed");
    this.#rove(row);
    row.focus({ preventScroll: true });
  }

  /** Bring something in the log to its middle, and move nothing but the log. */
  reveal(node) {
    const here = this.#log.getBoundingClientRect();
    const there = node.getBoundingClientRect();
    this.#log.scrollBy({ top: there.top + there.height / 2 - here.top - here.height / 2, behavior: "smooth" });
  }

  #add(message, { quiet }) {
    this.#messages.set(message.id, message);
    if (message.from_bot) this.read();
    const row = el("li", { className: `row ${message.from_bot ? "in" : "out"}`, tabIndex: -1, dataset: { id: message.id } });
    if (!quiet) row.classList.add("arriving");
    row.addEventListener("contextmenu", (event) => {
      if (event.target.closest("a") || String(getSelection())) return;
      event.preventDefault();
      this.#act.menu(this.#messages.get(message.id), row, event);
    });
    row.addEventListener("dblclick", (event) => {
      if (event.target.closest("button, a, code")) return;
      getSelection().removeAllRanges();
      this.#act.reply(this.#messages.get(message.id));
    });
    this.#rows.set(message.id, row);
    this.#place(row, message.id);
    this.#draw(row, message);
    if (!this.#list.contains(document.activeElement)) this.#rove(row);
  }

  #place(row, id) {
    // Messages come in the order of their ids; a straggler after a gap goes to its own place.
    const after = [...this.#rows.keys()].filter((other) => other > id).sort((a, b) => a - b)[0];
    this.#list.insertBefore(row, after === undefined ? null : this.#rows.get(after));
  }

  #draw(row, message) {
    const bubble = el("div", { className: "bubble" });
    const author = message.from_bot ? "Bot" : "You";
    bubble.append(el("span", { className: "unseen" }, `${author}: `));
    const answered = this.#answer(message);
    if (answered) bubble.append(answered);
    if (message.forwarded_from) bubble.append(el("span", { className: "forwarded" }, `Forwarded from ${message.forwarded_from}`));
    if (message.photo_url) bubble.append(this.#picture(message));
    if (message.document) bubble.append(this.#file(message.document));
    const meta = this.#meta(message);
    if (message.text) {
      const words = el("div", { className: "words" });
      words.append(rich(message.text, message.entities, {
        command: (text) => this.#act.say(text),
        copied: () => this.#act.toast("Copied"),
      }));
      if (words.firstElementChild?.matches("pre") && words.childNodes.length === 1) bubble.classList.add("only-code");
      words.classList.toggle("block-end", words.lastChild.nodeType === Node.ELEMENT_NODE && words.lastChild.matches("pre, blockquote"));
      // Room for the time at the end of the last line, as wide as the time is.
      words.append(el("span", { className: "meta-room", "aria-hidden": "true" }, ...[...meta.childNodes].map((node) => node.cloneNode(true))));
      bubble.append(words);
    } else if (message.photo_url) {
      bubble.classList.add("only-picture");
    }
    bubble.append(meta);
    const keyboard = this.#keyboard(message);
    row.classList.toggle("with-buttons", keyboard !== null);
    row.replaceChildren(el("div", { className: "stack" }, bubble, keyboard));
    this.#quotes(row, message.id);
    this.#tabs(row);
  }

  #meta(message) {
    const date = moment(message.date);
    const meta = el("span", { className: "meta" });
    if (message.from_bot) {
      const rang = !message.silent;
      meta.append(el("span", { className: rang ? "rang" : "hushed", title: rang ? "Rang" : "Came without a sound" },
        icon(rang ? "bell" : "bell-off"), el("span", { className: "unseen" }, rang ? "rang " : "silent ")));
    }
    if (message.edited) meta.append(el("span", { className: "edited" }, "edited"));
    meta.append(el("time", { dateTime: date.toISOString(), title: date.toISOString() }, hm(date)));
    if (!message.from_bot) {
      const ticks = el("span", { className: "ticks" });
      this.#tick(ticks, message.id <= this.#readUpTo);
      meta.append(ticks);
    }
    return meta;
  }

  #tick(node, read) {
    node.dataset.read = read ? "yes" : "no";
    node.title = read ? "Read" : "Sent";
    node.replaceChildren(icon(read ? "ticks" : "tick"), el("span", { className: "unseen" }, read ? " read" : " sent"));
  }

  #answer(message) {
    if (message.reply_to === null || message.reply_to === undefined) return null;
    const id = typeof message.reply_to === "object" ? message.reply_to.id : message.reply_to;
    const original = this.#messages.get(id);
    const name = original ? (original.from_bot ? this.#act.botName() : "You") : "Deleted message";
    return el("button", { className: "answer", type: "button", dataset: { quotes: id, key: "answer" }, "aria-label": `Answer to ${name}`, onclick: () => this.point(id) },
      el("span", { className: "answer-name" }, name),
      el("span", { className: "answer-text" }, original ? oneLine(original) : "no longer here"));
  }

  #picture(message) {
    const words = oneLine(message) || "Picture";
    return el("button", { className: "picture", type: "button", dataset: { key: "picture" }, "aria-label": "Enlarge the picture",
      onclick: () => this.#act.picture(message.photo_url, words) },
    el("img", { src: message.photo_url, alt: words }));
  }

  #file({ name, url }) {
    return el("a", { className: "file", href: url, download: name, dataset: { key: "file" } },
      el("span", { className: "file-icon", "aria-hidden": "true" }, icon("down")), el("span", { className: "file-name" }, name));
  }

  #keyboard(message) {
    if (!message.buttons?.length) return null;
    const rows = message.buttons.map((buttons) =>
      el("div", { className: "button-row" }, ...buttons.map((button) => this.#button(message, button))));
    return el("div", { className: "buttons" }, ...rows);
  }

  #button(message, button) {
    const label = el("span", { className: "label" }, button.label);
    if (button.url) {
      if (!/^(https?|tg):\/\//i.test(button.url)) return el("button", { className: "inline", type: "button", disabled: true }, label);
      return el("a", { className: "inline", href: button.url, target: "_blank", rel: "noopener noreferrer", title: button.label, dataset: { key: button.url } }, label, icon("link", "corner"));
    }
    if (button.copy !== undefined && button.copy !== null) {
      return el("button", { className: "inline", type: "button", title: button.label, dataset: { key: `copy ${button.copy}` },
        onclick: async () => this.#act.toast((await copyText(button.copy)) ? "Copied" : `Copy it by hand: ${button.copy}`) }, label, icon("copy", "corner"));
    }
    const key = keyOf(message.id, button.data);
    const node = el("button", { className: "inline", type: "button", title: button.label, dataset: { key: button.data, tap: key },
      onclick: () => this.#tap(message.id, button) }, label, el("span", { className: "spinner", "aria-hidden": "true" }));
    this.#show(node, this.#waiting.has(key));
    return node;
  }

  async #tap(id, button) {
    const key = keyOf(id, button.data);
    if (this.#waiting.has(key)) return; // Telegram's own clients ask once at a time, too
    this.#waiting.set(key, setTimeout(() => this.#stopWaiting(key), TAP_WAITS));
    this.#showAll(key, true);
    const accepted = await this.#act.tap(id, button.data);
    if (!accepted) this.#stopWaiting(key);
  }

  #stopWaiting(key) {
    clearTimeout(this.#waiting.get(key));
    this.#waiting.delete(key);
    this.#showAll(key, false);
  }

  #showAll(key, waits) {
    for (const node of this.#list.querySelectorAll(`[data-tap="${CSS.escape(key)}"]`)) this.#show(node, waits);
  }

  #show(node, waits) {
    node.classList.toggle("waiting", waits);
    node.setAttribute("aria-busy", String(waits));
  }

  #quotes(row, id) {
    row.querySelectorAll(".expandable").forEach((quote, index) => {
      const key = `${id} ${index}`;
      const body = quote.querySelector(".quote-body");
      const toggle = quote.querySelector(".quote-toggle");
      const whole = body.scrollHeight <= body.clientHeight + 1;
      quote.classList.toggle("whole", whole);
      toggle.hidden = whole;
      if (this.#open.has(key) && !whole) toggle.click();
      quote.addEventListener("click", () => {
        if (quote.classList.contains("open")) this.#open.add(key);
        else this.#open.delete(key);
      });
      toggle.addEventListener("click", () => {
        if (quote.classList.contains("open")) this.#open.add(key);
        else this.#open.delete(key);
      });
    });
  }

  #drop(id) {
    this.#rows.get(id)?.remove();
    this.#rows.delete(id);
    this.#messages.delete(id);
  }

  #days() {
    for (const old of this.#list.querySelectorAll("li.day")) old.remove();
    let last = null;
    for (const row of [...this.#list.querySelectorAll("li.row:not(.going)")]) {
      const date = moment(this.#messages.get(Number(row.dataset.id)).date);
      if (!last || !sameDay(last, date)) row.before(el("li", { className: "day" }, el("span", {}, dayName(date))));
      last = date;
    }
    byId("welcome").hidden = this.#messages.size > 0;
  }

  #atEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR_END;
  }

  #followed() {
    const atEnd = this.#atEnd();
    this.#toEnd.hidden = atEnd;
    if (atEnd) this.#count(-this.#unread);
  }

  #count(step) {
    this.#unread += step;
    this.#badge.hidden = this.#unread === 0;
    this.#badge.textContent = String(this.#unread);
    this.#toEnd.setAttribute("aria-label", this.#unread ? `To the newest message, ${this.#unread} unread` : "To the newest message");
  }

  // One message at a time is in the tab order, with its buttons; the arrows walk through the others.
  #rove(row) {
    if (!row || row.tabIndex === 0) return;
    for (const other of this.#list.querySelectorAll('li.row[tabindex="0"]')) {
      other.tabIndex = -1;
      this.#tabs(other);
    }
    row.tabIndex = 0;
    this.#tabs(row);
  }

  #tabs(row) {
    for (const node of row.querySelectorAll("button, a, [role=button]")) node.tabIndex = row.tabIndex;
  }

  #walk(event) {
    const row = event.target.closest("li.row");
    if (!row) return;
    const onRow = event.target === row;
    const message = this.#messages.get(Number(row.dataset.id));
    const rows = [...this.#list.querySelectorAll("li.row:not(.going)")];
    const at = rows.indexOf(row);
    const to = { ArrowUp: rows[at - 1], ArrowDown: rows[at + 1], Home: rows[0], End: rows.at(-1) }[event.key];
    if (to) {
      event.preventDefault();
      this.#rove(to);
      to.focus();
    } else if (onRow && message && (event.key === "Enter" || event.key === "ContextMenu")) {
      event.preventDefault();
      this.#act.menu(message, row, null);
    } else if ((event.key === "Enter" || event.key === " ") && event.target.getAttribute("role") === "button") {
      event.preventDefault();
      event.target.click();
    }
  }
}

const keyOf = (id, data) => `${id} ${data}`;

// Where the person writes: sending, recalling, replying, and the menu of commands.

import { byId, el } from "./dom.js";
import { oneLine } from "./richtext.js";

const TALLEST = 132; // pixels; six lines, then the box scrolls

/** `say(text, replyTo)` sends and tells whether it was taken; `botName()` names the bot; `shows()` is told of each change in height. */
export class Composer {
  #say;
  #botName;
  #commands = [];
  #said = []; // what the person wrote, oldest first
  #recalled = 0; // how far back the arrow has gone; 0 = not recalling
  #replyTo = null;
  #shown = []; // the commands in the open list
  #chosen = -1;
  #box = byId("words");
  #list = byId("commands");
  #menu = byId("menu");
  #replying = byId("replying");

  constructor({ say, botName }) {
    this.#say = say;
    this.#botName = botName;
    byId("composer").addEventListener("submit", (event) => { event.preventDefault(); void this.#send(); });
    this.#box.addEventListener("input", () => { this.#recalled = 0; this.#grow(); this.#suggest(); });
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("blur", () => setTimeout(() => { if (!this.#holdsFocus()) this.#close(); }, 120));
    this.#menu.addEventListener("click", () => this.#toggle());
    byId("replying-close").addEventListener("click", () => this.reply(null));
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  }

  set commands(commands) {
    this.#commands = commands;
    this.#menu.hidden = commands.length === 0;
    if (!this.#list.hidden) this.#suggest();
  }

  /** What was said before, so that the arrow recalls it after a reload, too. */
  remember(texts) {
    this.#said = texts.filter(Boolean);
  }

  /** Answer to this message with what is written next; null: to none. */
  reply(message) {
    this.#replyTo = message;
    this.#replying.hidden = message === null;
    if (message) {
      byId("replying-name").textContent = message.from_bot ? this.#botName() : "You";
      byId("replying-text").textContent = oneLine(message);
    }
    this.focus();
  }

  forget(id) {
    if (this.#replyTo?.id === id) this.reply(null);
  }

  write(text) {
    this.#box.value = text;
    this.#grow();
    this.#close();
    this.focus();
    this.#box.setSelectionRange(text.length, text.length);
  }

  focus() {
    this.#box.focus({ preventScroll: true });
  }

  /** Send words that were tapped, not typed; what stands in the box stays there. */
  async send(text) {
    this.#said.push(text);
    return this.#say(text, null);
  }

  async #send() {
    const text = this.#box.value.trim();
    if (!text) return;
    const replyTo = this.#replyTo;
    this.#box.value = "";
    this.#grow();
    this.#close();
    if (replyTo) this.reply(null);
    this.#said.push(text);
    this.#recalled = 0;
    if (!(await this.#say(text, replyTo?.id ?? null)) && !this.#box.value) {
      this.#said.pop();
      this.write(text);
      if (replyTo) this.reply(replyTo);
    }
  }

  #key(event) {
    if (event.isComposing) return;
    const open = !this.#list.hidden;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open && this.#chosen >= 0) this.#take(this.#shown[this.#chosen]);
      else void this.#send();
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = this.#chosen < 0 && step < 0 ? 0 : this.#chosen;
      this.#choose((from + step + this.#shown.length) % this.#shown.length);
    } else if (open && event.key === "Tab" && !event.shiftKey && this.#box.value) {
      event.preventDefault();
      this.write(`/${this.#shown[Math.max(this.#chosen, 0)].command} `);
    } else if (event.key === "Escape") {
      if (open) this.#close();
      else if (this.#replyTo) this.reply(null);
    } else if (event.key === "ArrowUp" && (this.#box.value === "" || this.#recalled > 0)) {
      if (this.#said.length > this.#recalled) {
        event.preventDefault();
        this.#recall(this.#recalled + 1);
      }
    } else if (event.key === "ArrowDown" && this.#recalled > 0) {
      event.preventDefault();
      this.#recall(this.#recalled - 1);
    }
  }

  #recall(steps) {
    this.write(steps ? this.#said.at(-steps) : "");
    this.#recalled = steps;
  }

  #grow() {
    this.#box.style.height = "auto";
    this.#box.style.height = `${Math.min(this.#box.scrollHeight, TALLEST)}px`;
    this.#box.classList.toggle("tall", this.#box.scrollHeight > TALLEST);
    byId("composer").classList.toggle("empty", this.#box.value.trim() === "");
  }

  #toggle() {
    if (!this.#list.hidden) {
      this.#close();
      return;
    }
    this.focus();
    this.#open(this.#commands);
  }

  #suggest() {
    const typed = /^\/([a-z0-9_]*)$/i.exec(this.#box.value);
    const found = typed ? this.#commands.filter(({ command }) => command.startsWith(typed[1].toLowerCase())) : [];
    if (found.length) this.#open(found);
    else this.#close();
  }

  #open(commands) {
    this.#shown = commands;
    this.#chosen = -1;
    this.#list.replaceChildren(...commands.map((command, index) =>
      el("li", { className: "command", role: "option", id: `command-${index}`, "aria-selected": "false", onclick: () => this.#take(command) },
        el("span", { className: "command-name" }, `/${command.command}`),
        el("span", { className: "command-words" }, command.description))));
    this.#list.hidden = false;
    this.#list.scrollTop = 0;
    this.#menu.setAttribute("aria-expanded", "true");
    this.#box.setAttribute("aria-expanded", "true");
    this.#box.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.#list.hidden = true;
    this.#chosen = -1;
    this.#menu.setAttribute("aria-expanded", "false");
    this.#box.setAttribute("aria-expanded", "false");
    this.#box.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    this.#chosen = index;
    this.#list.querySelectorAll("li").forEach((node, at) => {
      node.setAttribute("aria-selected", String(at === index));
      if (at === index) node.scrollIntoView({ block: "nearest" });
    });
    this.#box.setAttribute("aria-activedescendant", `command-${index}`);
  }

  #take(command) {
    this.#close();
    if (/^\/[a-z0-9_]*$/i.test(this.#box.value)) this.#box.value = "";
    this.#grow();
    void this.send(`/${command.command}`);
  }

  #holdsFocus() {
    return [this.#box, this.#menu].includes(document.activeElement) || this.#list.contains(document.activeElement);
  }
}

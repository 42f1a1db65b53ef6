// The exchange's control desk: it moves prices, makes the next order misbehave, shifts the clock, and shows the paper account.

import { get, post } from "./api.js";
import { byId, el } from "./dom.js";
import { secondsUntil, setNow } from "./time.js";

const LOOKS_EVERY = 2000; // milliseconds between looks at the exchange while the page is seen
const rupees = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en-IN");

/** `base` is the desk's path on this server; `toast(text)` tells the person; `changed()` after each look that brought news. */
export class Desk {
  #base;
  #toast;
  #changed;
  #symbol = null; // the person's own choice; else the last symbol that was traded or asked for
  #state = null;
  #drawn = "";
  #soon = null;

  constructor({ base, toast, changed }) {
    this.#base = base;
    this.#toast = toast;
    this.#changed = changed;
    byId("shifts").addEventListener("click", ({ target }) => this.#shift(target.closest("button")));
    byId("moves").addEventListener("click", ({ target }) => this.#move(target.closest("button")));
    byId("behaviours").addEventListener("click", ({ target }) => this.#next(target.closest("button")));
    byId("symbol").addEventListener("change", ({ target }) => { this.#symbol = target.value; void this.refresh(); });
    byId("set-price").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#price(Number(byId("price-wanted").value)).then(() => event.target.reset());
    });
    byId("lose-answer").addEventListener("click", () => this.#act("/faults/lost_answer", {}, "The answer to the next order will be lost"));
    byId("drop-socket").addEventListener("click", () => this.#act("/faults/drop_socket", {}, "The socket was dropped"));
    byId("elsewhere").addEventListener("submit", (event) => { event.preventDefault(); void this.#elsewhere(); });
    setInterval(() => { if (!document.hidden) void this.refresh(); }, LOOKS_EVERY);
  }

  /** A look a moment from now: something has happened in the chat. */
  soon() {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.refresh(), 150);
  }

  async refresh() {}

  /** A price two percent above the last one, on the tick, for an order that is to wait. */
  above(symbol) {
    return this.#state?.last === undefined || symbol === "" ? "1600" : (Math.ceil(this.#state.last * 1.02 * 10) / 10).toFixed(2);
  }

  async #shift(button) {
    if (!button) return;
    const { shift, until, tomorrow } = button.dataset;
    const [hh, mm] = (until ?? "0:0").split(":").map(Number);
    const seconds = shift ? Number(shift) : secondsUntil(hh, mm, { tomorrow: tomorrow !== undefined });
    button.disabled = true;
    try {
      const { now } = await post("/clock", { shift: seconds });
      setNow(now);
    } catch (refusal) {
      this.#toast(refusal.message);
    }
    button.disabled = false;
    void this.refresh();
  }

  async #move() {}
  async #next() {}
  async #price() {}
  async #elsewhere() {}

  async #act(path, body, words) {
    try {
      await post(this.#base + path, body);
      if (words) this.#toast(words);
    } catch (refusal) {
      this.#toast(refusal.message);
    }
    await this.refresh();
  }
}

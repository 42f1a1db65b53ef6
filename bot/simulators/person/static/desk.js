// The exchange's control desk: it moves prices, makes the next order misbehave, shifts the clock, and shows the paper account.

import { get, post, remove } from "./api.js";
import { byId, el, icon, put } from "./dom.js";
import { hm, longDate, moment, now, secondsUntil, setNow } from "./time.js";

const LOOKS_EVERY = 2000; // milliseconds between looks at the exchange while the page is seen
const RACES_EVERY = 300; // milliseconds between looks at a clock that runs ahead
const ALWAYS_KNOWN = "RELIANCE"; // the tour's share
const ORDERS_SHOWN = 6;
const OVER = new Set(["Traded", "Rejected", "Cancelled", "Expired"]);
const PRODUCTS = { DELIVERY: "CNC", INTRADAY: "MIS", CARRYFORWARD: "NRML", MTF: "MTF" };
const rupees = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `base` is the desk's path on this server; `toast(text)` tells the person; `changed()` after each look that brought news. */
export class Desk {
  #base;
  #toast;
  #changed;
  #symbol = ALWAYS_KNOWN;
  #prices = new Map(); // name -> the newest price row
  #drawn = {}; // what each part shows, so that an unchanged part is left alone under the person's hands
  #soon = null;
  #table = [];
  #race = null;
  #hoursSwitch;

  constructor({ base, hoursSwitch, toast, changed }) {
    this.#base = base;
    this.#hoursSwitch = hoursSwitch;
    this.#toast = toast;
    this.#changed = changed;
    byId("shifts").addEventListener("click", ({ target }) => this.#shift(target.closest("button")));
    byId("race-stop").addEventListener("click", () => this.#tell(() => remove("/clock")));
    byId("hours").addEventListener("click", ({ currentTarget }) => this.#tell(() => post("/hours", { hours: currentTarget.dataset.hours })));
    byId("moves").addEventListener("click", ({ target }) => {
      const move = target.closest("button")?.dataset.move;
      if (move) void this.#do("/prices", { name: this.#symbol, move });
    });
    byId("set-price").addEventListener("submit", (event) => this.#submitted(event, async () => {
      if (await this.#do("/prices", { name: this.#symbol, price: byId("price-wanted").value })) event.target.reset();
    }));
    byId("symbol").addEventListener("change", ({ target }) => this.#choose(target.value));
    for (const id of ["symbol", "elsewhere-symbol"]) {
      byId(id).addEventListener("focus", ({ target }) => target.select());
      byId(id).addEventListener("input", ({ target }) => this.#suggest(target.value));
    }
    byId("behaviours").addEventListener("click", ({ target }) => this.#behave(target.closest("button")));
    byId("lose-answer").addEventListener("click", ({ currentTarget }) =>
      (currentTarget.getAttribute("aria-pressed") === "true" ? this.#clear("answer_lost") : this.#do("/faults", { name: "answer_lost", route: "place" })));
    byId("drop-socket").addEventListener("click", async () => {
      const answer = await this.#do("/sockets/drop");
      if (answer) this.#toast(answer.dropped ? "The socket was cut" : "No socket is open");
    });
    byId("square-off").addEventListener("click", async () => {
      const answer = await this.#do("/squareoff");
      if (answer) this.#toast(answer.orders.length ? "mStock closed what was intraday" : "Nothing is intraday");
    });
    byId("end-session").addEventListener("click", async () => {
      if (await this.#do("/sessions/end")) this.#toast("The broker has forgotten the session");
    });
    byId("more").addEventListener("submit", (event) => this.#submitted(event, () => this.#do("/faults", { name: byId("fault").value })));
    byId("fault").addEventListener("change", () => this.#explain());
    byId("elsewhere").addEventListener("submit", (event) => this.#submitted(event, () => this.#elsewhere()));
    setInterval(() => { if (!document.hidden) void this.refresh(); }, LOOKS_EVERY);
    void this.#learn();
  }

  /** A look a moment from now: something has happened in the chat. */
  soon() {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => this.refresh(), 200);
  }

  /** A price two percent over the last one, on the tick, for an order that is to wait; empty while none is known. */
  above(symbol) {
    const known = this.#prices.get(symbol);
    if (!known) return "";
    const tick = Number(known.tick);
    return (Math.ceil((Number(known.last) * 1.02) / tick) * tick).toFixed(2);
  }

  /** The person wrote of this; if it is an instrument, the price shown is its. */
  async mention(text) {
    const word = /^\/?(?:buy|sell|quote|b|s|q)\s+(?:\d+\s+)?([a-z][\w&-]+)/i.exec(text ?? "")?.[1].toUpperCase();
    if (!word || word === this.#symbol) return;
    if ((await this.#find(word)).some(({ name }) => bare(name) === word)) this.#choose(word);
  }

  async refresh() {
    clearTimeout(this.#soon);
    const names = [...new Set([this.#symbol, ALWAYS_KNOWN])];
    try {
      const [state, { prices }, clock] = await Promise.all([
        get(`${this.#base}/state`), get(`${this.#base}/prices?names=${encodeURIComponent(names.join(","))}`), get("/clock")]);
      this.#clock(clock);
      names.forEach((name, index) => this.#prices.set(name, prices[index]));
      this.#draw(state);
      this.#trouble("");
    } catch (refusal) {
      this.#trouble(`The exchange does not answer: ${refusal.message}`);
    }
    this.#changed();
  }

  // --- acts ---

  async #do(path, body = {}) {
    try {
      const answer = await post(this.#base + path, body);
      await this.refresh();
      return answer;
    } catch (refusal) {
      this.#toast(refusal.message);
      return null;
    }
  }

  async #clear(name) {
    await this.#tell(() => remove(`${this.#base}/faults?name=${encodeURIComponent(name)}`));
  }

  async #tell(act) {
    try {
      await act();
    } catch (refusal) {
      this.#toast(refusal.message);
    }
    await this.refresh();
  }

  #submitted(event, act) {
    event.preventDefault();
    void act();
  }

  async #behave(button) {
    if (!button) return;
    const others = [...byId("behaviours").querySelectorAll('[aria-pressed="true"]')].map(({ dataset }) => dataset.fault);
    for (const name of others) if (name && name !== button.dataset.fault) await this.#clear(name);
    if (button.dataset.fault && !others.includes(button.dataset.fault)) await this.#do("/faults", { name: button.dataset.fault });
  }

  async #shift(button) {
    if (!button) return;
    const { shift, until, tomorrow } = button.dataset;
    const [hh, mm] = (until ?? "0:0").split(":").map(Number);
    const seconds = shift ? Number(shift) : secondsUntil(hh, mm, { tomorrow: tomorrow !== undefined });
    this.#clock({ now: now(), until: now().getTime() / 1000 + seconds });
    await this.#tell(() => post("/clock", { shift: seconds }));
  }

  /** The time, and until when it runs ahead: the hours between pass in order, which takes a while and is seen. */
  #clock({ now: time, until }) {
    setNow(time);
    clearTimeout(this.#race);
    const racing = until !== null;
    const [shown, hidden] = racing ? ["race", "shifts"] : ["shifts", "race"];
    const held = byId(hidden).contains(document.activeElement);
    document.body.classList.toggle("racing", racing);
    byId(shown).hidden = false;
    byId(hidden).hidden = true;
    if (held) byId(shown).querySelector("button").focus();
    if (!racing) return;
    const end = moment(until);
    put("race-words", `Runs ahead to ${hm(end)}, ${longDate(end)}`);
    this.#race = setTimeout(() => get("/clock").then((clock) => this.#clock(clock), () => {}), RACES_EVERY);
  }

  #hours({ hours, closed }) {
    const always = hours === "always";
    const words = always
      ? closed ? "The exchange is closed now; this market never closes." : "This market never closes."
      : closed ? "Closed now, as the exchange is." : "Open, as the exchange is.";
    put("hours-words", words);
    put("welcome-hours", words);
    byId("hours").hidden = !this.#hoursSwitch;
    byId("hours").dataset.hours = always ? "real" : "always";
    put("hours", always ? "Real hours" : "Never close");
  }

  async #elsewhere() {
    const order = await this.#do("/orders", {
      side: byId("elsewhere-side").value, quantity: byId("elsewhere-quantity").value, name: byId("elsewhere-symbol").value.trim().toUpperCase(),
    });
    if (order) this.#toast(order.status === "Rejected" ? `Rejected: ${order.text}` : "Placed in the app");
  }

  async #choose(words) {
    const name = words.trim().toUpperCase();
    if ((await this.#find(name)).some((found) => bare(found.name) === name || found.name === name)) this.#symbol = name;
    else if (name) this.#toast(`The exchange has no ${name}`);
    byId("symbol").value = this.#symbol;
    await this.refresh();
  }

  async #find(words) {
    try {
      return (await get(`${this.#base}/search?q=${encodeURIComponent(words)}`)).found;
    } catch {
      return []; // the next look says what is wrong
    }
  }

  async #suggest(words) {
    if (words.trim().length < 2) return;
    const names = (await this.#find(words)).map(({ name }) => bare(name));
    byId("instruments").replaceChildren(...[...new Set(names)].map((name) => el("option", { value: name })));
  }

  async #learn() {
    try {
      this.#table = (await get(`${this.#base}/faults`)).table;
    } catch {
      return; // the next look says what is wrong
    }
    const own = new Set(["answer_lost", ...[...byId("behaviours").querySelectorAll("[data-fault]")].map(({ dataset }) => dataset.fault)]);
    byId("fault").replaceChildren(...this.#table.filter(({ name }) => !own.has(name)).map(({ name }) => el("option", { value: name }, plain(name))));
    this.#explain();
  }

  #explain() {
    const fault = this.#table.find(({ name }) => name === byId("fault").value);
    if (!fault) return;
    // The table's words point at the broker's papers and name parameters; here stand their values.
    const units = { seconds: " seconds", percent: " %", megabytes: " MB" };
    const words = fault.says.replace(/ \([^()]*\)/g, "")
      .replace(/`(\w+)`/g, (named, name) => (name in fault.params ? `${fault.params[name]}${units[name] ?? ""}` : named));
    byId("fault-words").textContent = words.replaceAll("`", "");
  }

  // --- drawing ---

  #trouble(words) {
    const node = byId("desk-trouble");
    node.hidden = !words;
    put("desk-trouble", words);
  }

  #draw(state) {
    this.#price();
    this.#hours(state);
    const armed = new Set(state.faults.map(({ name }) => name));
    const buttons = [...byId("behaviours").querySelectorAll("[data-fault]")];
    const chosen = buttons.find(({ dataset }) => dataset.fault && armed.has(dataset.fault))?.dataset.fault ?? "";
    for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset.fault === chosen));
    put("behaviour-words", `${buttons.find(({ dataset }) => dataset.fault === chosen).title}.`);
    byId("lose-answer").setAttribute("aria-pressed", String(armed.has("answer_lost")));
    const shownElsewhere = new Set(["answer_lost", ...buttons.map(({ dataset }) => dataset.fault)]);
    this.#part("armed", state.faults.filter(({ name }) => !shownElsewhere.has(name)), (faults) => faults.map((fault) => this.#armed(fault)));
    const account = state.accounts[0];
    const orders = state.orders.slice(0, ORDERS_SHOWN);
    this.#part("account", { account, orders }, () => (account ? this.#account(account, orders, state.sockets) : ["No account is open."]));
  }

  // Only what changed is drawn again, and the focus stays where it was.
  #part(id, value, make) {
    const shown = JSON.stringify(value);
    if (this.#drawn[id] === shown) return;
    this.#drawn[id] = shown;
    const node = byId(id);
    const held = node.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    node.replaceChildren(...make(value));
    if (held) node.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  #price() {
    const node = byId("price-now");
    const last = this.#prices.get(this.#symbol)?.last;
    const words = last === undefined ? "–" : rupees.format(last);
    if (document.activeElement !== byId("symbol")) byId("symbol").value = this.#symbol;
    if (node.textContent === words) return;
    const before = Number(node.dataset.last ?? last);
    const up = Number(last) > before;
    node.classList.remove("up", "down");
    if (node.dataset.symbol === this.#symbol && Number(last) !== before) {
      node.classList.add(up ? "up" : "down");
      setTimeout(() => node.classList.remove("up", "down"), 500);
    }
    node.textContent = words;
    node.dataset.last = last;
    node.dataset.symbol = this.#symbol;
  }

  #armed({ name, left }) {
    const words = plain(name) + (left === null ? ", until cleared" : left > 1 ? `, ${left} times` : "");
    return el("li", {}, el("span", {}, words),
      el("button", { className: "icon small", type: "button", dataset: { key: name }, "aria-label": `Clear ${words}`, onclick: () => this.#clear(name) }, icon("close")));
  }

  #account(account, orders) {
    const rows = (caption, cells) => el("table", {}, el("caption", {}, caption), el("tbody", {}, ...cells));
    const funds = el("dl", {},
      el("dt", {}, "Cash free"), el("dd", {}, rupees.format(account.available)),
      el("dt", {}, "Used"), el("dd", {}, rupees.format(account.utilised)));
    const positions = account.positions.map((position) => {
      const profit = Number(position.realised) + Number(position.unrealised);
      return el("tr", {},
        el("th", { scope: "row" }, bare(position.name), el("small", {}, `${PRODUCTS[position.product] ?? position.product}, avg ${rupees.format(position.average)}`)),
        el("td", {}, signed(position.net)),
        el("td", { className: profit < 0 ? "minus" : profit > 0 ? "plus" : "" }, signedRupees(profit)));
    });
    return [
      funds,
      positions.length ? rows("Positions", positions) : el("p", { className: "none" }, "No positions today."),
      orders.length ? rows("Orders, newest first", orders.map((order) => this.#order(order))) : el("p", { className: "none" }, "No orders today."),
    ];
  }

  #order(order) {
    const working = !OVER.has(order.status);
    const price = order.average ? `avg ${rupees.format(order.average)}` : Number(order.price) ? rupees.format(order.price) : "market";
    const act = (label, verb) => el("button", { className: "chip", type: "button", dataset: { key: `${order.id} ${verb}` },
      "aria-label": `${label} order ${order.id}`, onclick: () => this.#do(`/orders/${order.id}/${verb}`) }, label);
    return el("tr", {},
      el("th", { scope: "row" }, `${order.side === "BUY" ? "Buy" : "Sell"} ${order.quantity} ${bare(order.name)}`,
        el("small", {}, [`${price}${Number(order.trigger) ? `, trigger ${rupees.format(order.trigger)}` : ""}`, order.channel === "WEB" ? "from the app" : ""].filter(Boolean).join(" · "))),
      el("td", { title: order.text }, `${STATUS[order.status] ?? order.status}${order.filled && order.filled < order.quantity ? ` ${order.filled}/${order.quantity}` : ""}`,
        working ? el("div", { className: "order-acts" }, act("Fill", "fill"), act("Reject", "reject"), act("Cancel", "cancel")) : null));
  }
}

const STATUS = {
  Transit: "on its way", Pending: "open", "O-Pending": "open", "O-Modified": "open", "Trigger Pending": "waits for its trigger", Triggered: "triggered",
  Traded: "filled", Rejected: "rejected", Cancelled: "cancelled", Expired: "expired",
};

const bare = (name) => name.replace(/-EQ$/, "");
const plain = (name) => name.replaceAll("_", " ");
const signed = (quantity) => (quantity < 0 ? `−${-quantity}` : `+${quantity}`);
const signedRupees = (amount) => `${amount < 0 ? "−" : amount > 0 ? "+" : ""}${rupees.format(Math.abs(amount))}`;

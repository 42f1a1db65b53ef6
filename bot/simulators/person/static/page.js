// The page as a whole: the stream of events, and the parts it is handed to.

import { get, post } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Desk } from "./desk.js";
import { byId, copyText, el, icon, restart, swapIcon } from "./dom.js";
import { Guide } from "./guide.js";
import { oneLine } from "./richtext.js";
import { ring, soundIsOn, turnSound } from "./sound.js";
import { hm, hms, longDate, now, setNow } from "./time.js";

const TYPING_LASTS = 5500; // milliseconds; Telegram shows an action for five seconds
const TOAST_LASTS = 3200;
const PRESENCE = { typing: "typing", upload_photo: "sending a picture", upload_document: "sending a file" };

const config = await get("/config");
const page = { name: config.bot, rung: 0, unseen: 0, online: false, typingUntil: null };

const chat = new Chat({
  say: (text) => composer.send(text),
  tap: (message_id, data) => tell("/chat/tap", { message_id, data }),
  reply: (message) => composer.reply(message),
  toast,
  botName: () => page.name,
  picture,
  menu: openMenu,
});
const composer = new Composer({
  say: async (text, reply_to) => tell("/chat/say", reply_to === null ? { text } : { text, reply_to }),
  botName: () => page.name,
});
const desk = new Desk({ base: config.desk, hoursSwitch: config.hours_switch, toast, changed: () => guide.refresh() });
const guide = new Guide({
  known: { above: (symbol) => desk.above(symbol), get chat() { return chat.messages; } },
  write: (text) => composer.write(text),
  send: (text) => composer.send(text),
  show: (label) => pointAtButton(label),
  desk: () => openDesk(true),
});

setNow(config.now);
byId("bot-name").textContent = page.name;
document.querySelector(".avatar").textContent = [...page.name][0].toLowerCase();
document.title = `${page.name}: demo`;
listen();
tick();
setInterval(tick, 250);

// --- what the server tells -------------------------------------------------------------------------------------------

function listen() {
  const stream = new EventSource("/chat/events");
  stream.onmessage = ({ data }) => happened(JSON.parse(data));
  stream.onerror = () => { online(false); };
}

function happened(event) {
  switch (event.type) {
    case "history": {
      setNow(event.now);
      const fresh = chat.replace(event.messages);
      composer.remember(event.messages.filter(({ from_bot }) => !from_bot).map(({ text }) => text));
      composer.commands = event.commands ?? [];
      online(true);
      for (const message of fresh) if (message.from_bot) arrived(message);
      desk.refresh();
      break;
    }
    case "message":
      chat.add(event.message);
      if (event.message.from_bot) arrived(event.message);
      else void desk.mention(event.message.text);
      desk.soon();
      break;
    case "edit":
      chat.edit(event.message);
      typing(null);
      desk.soon();
      break;
    case "delete":
      chat.remove(event.message_id);
      composer.forget(event.message_id);
      break;
    case "answer":
      chat.read();
      chat.answered(event.message_id, event.data);
      if (event.text) (event.alert ? alertBox : toast)(event.text);
      break;
    case "action":
      chat.read();
      typing(event.action);
      break;
    case "commands":
      composer.commands = event.commands;
      break;
    default:
      break; // a newer server may know more
  }
  guide.refresh();
}

function arrived(message) {
  typing(null);
  if (document.hidden) {
    page.unseen += 1;
    document.title = `(${page.unseen}) ${page.name}: demo`;
  }
  if (message.silent) return;
  page.rung += 1;
  byId("rung-count").textContent = String(page.rung);
  restart(byId("rung"), "ringing");
  restart(document.querySelector(".phone"), "rings");
  ring();
}

function online(is) {
  page.online = is;
  presence();
}

function typing(action) {
  clearTimeout(page.typingUntil);
  page.action = action;
  if (action) page.typingUntil = setTimeout(() => typing(null), TYPING_LASTS);
  presence();
}

function presence() {
  const node = byId("presence");
  const words = !page.online ? "connecting" : page.action ? (PRESENCE[page.action] ?? "typing") : "bot";
  const busy = words !== "bot";
  if (node.dataset.words === words) return;
  node.dataset.words = words;
  node.classList.toggle("busy", busy);
  node.replaceChildren(words, ...(busy ? [el("span", { className: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"))] : []));
}

// --- what the person does --------------------------------------------------------------------------------------------

async function tell(path, body) {
  try {
    await post(path, body);
    return true;
  } catch (refusal) {
    toast(refusal.message);
    return false;
  }
}

function pointAtButton(label) {
  const button = [...document.querySelectorAll("#messages .inline")].reverse().find((node) => label.test(node.textContent));
  if (!button) {
    toast("No card is waiting for a Confirm");
    return;
  }
  chat.reveal(button);
  button.focus({ preventScroll: true });
  restart(button, "look-here");
}

// --- small windows ---------------------------------------------------------------------------------------------------

let toastUntil = null;

function toast(text) {
  const node = byId("toast");
  clearTimeout(toastUntil);
  node.textContent = text;
  node.hidden = false;
  toastUntil = setTimeout(() => { node.hidden = true; }, TOAST_LASTS + 30 * text.length);
}

function alertBox(text) {
  byId("alert-text").textContent = text;
  byId("alert").showModal();
}

function picture(url, words) {
  const image = byId("lightbox-picture");
  image.src = url;
  image.alt = words;
  byId("lightbox").showModal();
}

function openMenu(message, row, event) {
  const menu = byId("message-menu");
  const choose = (act) => () => { closeMenu(); act(); };
  const entry = (name, words, act, className = "") =>
    el("button", { type: "button", role: "menuitem", className, onclick: choose(act) }, icon(name), words);
  menu.replaceChildren(
    entry("reply", "Reply", () => composer.reply(message)),
    ...(message.text && !message.protected
      ? [entry("copy", "Copy text", async () => toast((await copyText(message.text)) ? "Copied" : "The browser does not allow copying"))] : []),
    ...(message.from_bot ? [] : [entry("close", "Delete", () => tell("/chat/remove", { message_id: message.id }), "danger")]),
  );
  menu.hidden = false;
  const box = row.querySelector(".bubble").getBoundingClientRect();
  const x = event ? event.clientX : box.left + 24;
  const y = event ? event.clientY : box.top + 24;
  menu.style.left = `${Math.min(x, innerWidth - menu.offsetWidth - 8)}px`;
  menu.style.top = `${Math.min(y, innerHeight - menu.offsetHeight - 8)}px`;
  menu.dataset.row = row.dataset.id;
  menu.firstElementChild.focus();
}

function closeMenu({ back = false } = {}) {
  const menu = byId("message-menu");
  if (menu.hidden) return;
  menu.hidden = true;
  if (back) document.querySelector(`li.row[data-id="${menu.dataset.row}"]`)?.focus({ preventScroll: true });
}

byId("message-menu").addEventListener("keydown", (event) => {
  const entries = [...event.currentTarget.children];
  const at = entries.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    entries.at((at + step) % entries.length).focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    closeMenu({ back: true });
  }
});
document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#message-menu")) closeMenu(); });
for (const moved of ["wheel", "touchmove"]) byId("log").addEventListener(moved, () => closeMenu(), { passive: true });

// --- sound, light, the desk as a drawer ------------------------------------------------------------------------------

byId("sound").addEventListener("click", ({ currentTarget }) => {
  turnSound(!soundIsOn());
  currentTarget.setAttribute("aria-pressed", String(soundIsOn()));
  swapIcon(currentTarget, soundIsOn() ? "sound" : "sound-off");
});

byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});

const narrow = matchMedia("(max-width: 700px)");

function openDesk(open) {
  const drawer = byId("desk");
  const toggle = byId("desk-open");
  if (!narrow.matches) {
    if (open) drawer.querySelector("button, select")?.focus();
    drawer.inert = false;
    byId("scrim").hidden = true;
    return;
  }
  drawer.classList.toggle("open", open);
  drawer.inert = !open;
  byId("scrim").hidden = !open;
  toggle.setAttribute("aria-expanded", String(open));
  if (open) drawer.querySelector("button").focus();
  else if (drawer.contains(document.activeElement) || document.activeElement === document.body) toggle.focus();
}

byId("desk-open").addEventListener("click", () => openDesk(true));
byId("scrim").addEventListener("click", () => openDesk(false));
byId("desk").addEventListener("click", (event) => { if (event.target.closest("[data-close]")) openDesk(false); });
narrow.addEventListener("change", () => openDesk(false));
byId("desk").inert = narrow.matches;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && byId("desk").classList.contains("open")) openDesk(false);
  // A letter typed anywhere outside a field goes to the box, as in Telegram's own clients.
  const typing = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ";
  if (typing && !event.target.closest("input, textarea, select, dialog, #message-menu, .desk")) composer.focus();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  page.unseen = 0;
  document.title = `${page.name}: demo`;
});

function tick() {
  const at = now();
  for (const node of document.querySelectorAll("[data-clock]")) {
    const words = { short: hm, long: hms, day: longDate }[node.dataset.clock](at);
    if (node.textContent !== words) node.textContent = words;
  }
}

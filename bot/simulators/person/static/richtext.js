// A message's text and entities as DOM nodes. Markup is never parsed: each entity becomes one known element around plain text.

import { el, icon, copyText } from "./dom.js";

const INLINE = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s",
};

/**
 * Nodes for `text` with Telegram entities (UTF-16 offsets, nested or side by side).
 * `act.command(text)` is called for a tapped /command, `act.copied(text)` after a tap on code.
 */
export function rich(text, entities, act) {
  const sorted = [...(entities ?? [])]
    .filter((entity) => entity.length > 0 && entity.offset < text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  const fragment = document.createDocumentFragment();
  fill(fragment, text, 0, text.length, sorted, act);
  return fragment;
}

function fill(parent, text, start, end, entities, act) {
  let at = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const from = Math.max(entity.offset, at);
    const until = Math.min(entity.offset + entity.length, end);
    let next = index + 1;
    while (next < entities.length && entities[next].offset < until) next += 1;
    if (until > from) {
      const block = isBlock(entity);
      put(parent, trimBefore(text.slice(at, from), block));
      const node = element(entity, text.slice(from, until), act);
      const inside = node.querySelector?.("[data-inside]") ?? node;
      inside.removeAttribute?.("data-inside");
      fill(inside, text, from, until, entities.slice(index + 1, next), act);
      parent.append(node);
      at = until;
      // A line break beside a block is the block's own edge, as in Telegram's clients.
      if (block && text[at] === "\n" && at < end) at += 1;
    }
    index = next;
  }
  put(parent, text.slice(at, end));
}

// An empty text node would hide from the style sheet that a block stands alone.
function put(parent, text) {
  if (text) parent.append(text);
}

const isBlock = ({ type }) => type === "pre" || type === "blockquote" || type === "expandable_blockquote";
const trimBefore = (text, block) => (block && text.endsWith("\n") ? text.slice(0, -1) : text);

function element(entity, content, act) {
  switch (entity.type) {
    case "pre":
      return el("pre", { className: "block-code" });
    case "code":
      return el("code", {
        className: "code", role: "button", tabIndex: -1, title: "Copy",
        onclick: () => copyText(content).then((done) => done && act.copied(content)),
      });
    case "text_link":
      return link(entity.url);
    case "url":
      return link(content);
    case "bot_command":
      return command(content, act);
    case "spoiler": {
      const node = el("span", { className: "spoiler", role: "button", tabIndex: -1, title: "Show" });
      node.addEventListener("click", () => node.classList.add("open"));
      return node;
    }
    case "blockquote":
      return el("blockquote", { className: "quote" });
    case "expandable_blockquote":
      return expandable();
    default:
      return el(INLINE[entity.type] ?? "span");
  }
}

function link(address) {
  // Only addresses that open a page: anything else stays words.
  if (!/^(https?|tg):\/\//i.test(address ?? "")) return el("span");
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" });
}

function command(words, act) {
  return el("button", { className: "command-link", type: "button", tabIndex: -1, onclick: () => act.command(words) });
}

function expandable() {
  const body = el("div", { className: "quote-body", dataset: { inside: "" } });
  const toggle = el("button", { className: "quote-toggle", type: "button", tabIndex: -1, "aria-expanded": "false", "aria-label": "Show all" }, icon("down"));
  const quote = el("blockquote", { className: "quote expandable" }, body, toggle);
  const turn = () => {
    const open = quote.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    toggle.setAttribute("aria-label", open ? "Show less" : "Show all");
  };
  toggle.addEventListener("click", (event) => { event.stopPropagation(); turn(); });
  body.addEventListener("click", () => { if (!quote.classList.contains("whole") && !quote.classList.contains("open")) turn(); });
  return quote;
}

/** Text of a message on one line, for quotes and titles. */
export const oneLine = (message) => (message.text || (message.photo_url ? "Picture" : (message.document?.name ?? ""))).replace(/\s+/g, " ").trim();

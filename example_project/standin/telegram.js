// Messages as Telegram shows them: a bubble with marked-up text, and buttons below it.

import { anchor, element, text, time } from "./dom.js";

export const NAME = "Telegram";

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"' };
const TAGS = { b: "strong", strong: "strong", i: "em", em: "em", u: "u", s: "s", del: "s", code: "code", pre: "pre", blockquote: "blockquote" };
const TOKEN = /<(\/?)([a-z-]+)([^>]*)>|&(lt|gt|amp|quot);|&#(x?)([0-9a-f]+);|[^<&]+|[<&]/gi;
// What Telegram marks by itself where nothing else is marked: names, and addresses.
const FOUND = /(?<![\w@])@[a-z]\w{2,31}|\bhttps?:\/\/[^\s\u200b]+/gi;

// The nodes that a person would see of a message.
export function draw(message) {
  const bubble = element("article", "bubble", element("div", "author", "Alerts"));
  const shown = message.parse_mode === "HTML" ? marked(message.text) : plain(message.text);
  const told = element("div", "told");
  if (message.disable_notification) told.append(element("span", "silent", "🔕"));
  if (message.edited_at) told.append(element("span", "", "edited"));
  told.append(time(message.at, { timeStyle: "short" }));
  bubble.append(element("div", "text", ...shown), told);
  const rows = (message.reply_markup?.inline_keyboard ?? []).map((row) => element("div", "buttons", ...row.map(button)));
  return [element("div", "whole", bubble, ...rows)];
}

const button = (given) => (given.url ? anchor(given.url, given.text) : element("span", "", given.text));

function marked(source) {
  const root = document.createDocumentFragment();
  const open = [root];
  let words = "";
  const flush = () => {
    const inside = open.at(-1);
    // A block ends its line by itself.
    if (inside.lastChild?.nodeName === "PRE") words = words.replace(/^\n/, "");
    inside.append(...(inside.closest?.("pre, code, a") ? [text(words)] : plain(words)));
    words = "";
  };
  for (const found of source.matchAll(TOKEN)) {
    const [whole, end, tag, attributes, name, hex, number] = found;
    if (name) words += ENTITIES[name.toLowerCase()];
    else if (number) words += String.fromCodePoint(parseInt(number, hex ? 16 : 10));
    else if (!tag) words += whole;
    else {
      flush();
      if (end) open.pop();
      else {
        const made = tag === "a" ? link(attributes) : element(TAGS[tag] ?? "span");
        open.at(-1).append(made);
        open.push(made);
      }
    }
  }
  flush();
  return [...root.childNodes];
}

function link(attributes) {
  const address = /\shref="([^"]*)"/.exec(attributes)?.[1].replace(/&(lt|gt|amp|quot);/g, (_, name) => ENTITIES[name]) ?? "";
  if (address.startsWith("tg://user?id=")) return element("span", "mention");
  return /^https?:\/\//.test(address) ? anchor(address) : element("span");
}

function plain(words) {
  const nodes = [];
  let at = 0;
  for (const found of words.matchAll(FOUND)) {
    nodes.push(text(words.slice(at, found.index)));
    nodes.push(found[0].startsWith("@") ? element("span", "mention", found[0]) : anchor(found[0], found[0]));
    at = found.index + found[0].length;
  }
  return [...nodes, text(words.slice(at))];
}

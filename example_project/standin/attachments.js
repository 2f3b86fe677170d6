// Attachments as servers show them that took them over from Slack, and the part of Markdown that a message may hold.

import { anchor, element, marked, text, time } from "./dom.js";

const RULES = [
  [/^```(?:([\w+-]+)\n)?\n?([\s\S]*?)\n?```\n?/, (found) => element("pre", "", element("code", "", found[2]))],
  [/^`([^`\n]+)`/, (found) => element("code", "", found[1])],
  [/^\*\*(?=\S)([^\n]*?\S)\*\*/, (found) => element("strong", "", ...markdown(found[1]))],
  [/^_(?=\S)([^_\n]*[^_\s])_(?!\w)/, (found) => element("em", "", ...markdown(found[1])), (source, at) => !/\w/.test(source[at - 1] ?? " ")],
  [/^\[([^\]\n]+)\]\((https?:\/\/[^)\s]+)\)/, (found) => anchor(found[2], found[1])],
  [/^https?:\/\/[^\s\u200b]+/, (found) => anchor(found[0], found[0])],
  [/^@[a-z][\w.-]+/i, (found) => element("span", "mention", found[0]), (source, at) => !/[\w@]/.test(source[at - 1] ?? " ")],
];
const markdown = (source) => marked(source, RULES, /[`*_[@h]/);

// The nodes that a person would see of a message, sent under its name or, without one, as `author`.
export function draw(message, author) {
  const avatar = element("div", "avatar", "🔔");
  avatar.ariaHidden = "true";
  const made = [
    avatar,
    element("div", "", element("span", "author", message.username || author), element("span", "bot", "BOT"), time(message.at, { timeStyle: "short" })),
  ];
  if (message.silent) made[1].append(element("span", "silent", "🔕"));
  if (message.text) made.push(element("div", "text", ...markdown(message.text)));
  return [...made, ...(message.attachments ?? []).map(attachment)];
}

function attachment(given) {
  const made = element("article", "attachment");
  if (/^#[0-9a-f]{6}$/i.test(given.color)) made.style.setProperty("--colour", given.color);
  if (given.author_name) made.append(element("div", "by", given.author_name));
  if (given.title) made.append(element("h3", "", given.title_link ? anchor(given.title_link, given.title) : given.title));
  if (given.text) made.append(element("div", "text", ...markdown(given.text)));
  if (given.fields?.length) made.append(element("dl", "", ...given.fields.map(field)));
  return made;
}

const field = (given) =>
  element(
    "div",
    given.short ? "short" : "",
    element("dt", "", text(given.title)),
    element("dd", "", ...markdown(String(given.value))),
  );

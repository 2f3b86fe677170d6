// Messages as Google Chat shows them: texts in its own markup.

import { anchor, element, marked, text, time } from "./dom.js";

export const NAME = "Google Chat";

// Marks begin where a word might, and end where one does.
const atWord = (source, at) => at === 0 || /[^\p{L}\p{N}]/u.test(source[at - 1]);
const pair = (sign, tag) => [
  new RegExp(`^[${sign}](?=\\S)([^${sign}\\n]*[^\\s${sign}]|[^\\s${sign}])[${sign}](?![\\p{L}\\p{N}])`, "u"),
  (found) => element(tag, "", ...markup(found[1])),
  atWord,
];
const mention = (name) => element("span", "mention", `@${name}`);
const RULES = [
  [/^```\n?([\s\S]*?)\n?```\n?/, (found) => element("pre", "", element("code", "", found[1]))],
  // Whether code keeps a mention or a link from being one is not documented, so here it does not.
  [/^<users\/(\w+)>/, (found) => mention(found[1])],
  [/^<(https?:\/\/[^|>\s]+)(?:\|([^>]*))?>/, (found) => anchor(found[1], found[2] ?? found[1])],
  [/^`((?:(?!<users\/|<https?:)[^`\n])+)`/, (found) => element("code", "", found[1])],
  pair("*", "strong"),
  pair("_", "em"),
  pair("~", "s"),
];
const markup = (source) => marked(source, RULES, /[`*_~<]/);

// The nodes that a person would see of a message.
export function draw(message) {
  const avatar = element("div", "avatar", "🔔");
  avatar.ariaHidden = "true";
  const made = [avatar, element("div", "", element("span", "author", "Alerts"), element("span", "app", "App"), time(message.at))];
  if (message.reply) made.push(element("div", "reply", "↳ in the thread of this alert"));
  if (message.text) made.push(element("div", "text", ...markup(message.text)));
  made.push(...(message.cardsV2 ?? []).map(drawCard));
  return made;
}

const drawCard = ({ card }) => element("article", "card", ...(card.header ? [element("h3", "", card.header.title)] : []), text("(card)"));

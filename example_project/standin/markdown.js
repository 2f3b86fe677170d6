// The part of Discord's markup that a message may hold.

import { anchor, element, marked, text, time } from "./dom.js";

const RULES = [
  [/^\\([\\*_~`|>[\]()#<:@-])/, (found) => text(found[1])],
  [/^```(?:([\w+-]+)\n)?\n?([\s\S]*?)\n?```\n?/, (found) => element("pre", "", element("code", "", found[2]))],
  [/^``([\s\S]+?)``(?!`)/, (found) => element("code", "", found[1])],
  [/^`([^`]+)`/, (found) => element("code", "", found[1])],
  [/^\*\*([\s\S]+?)\*\*/, (found, mentions) => element("strong", "", ...inline(found[1], mentions))],
  [/^\*([^*\s][^*]*)\*/, (found, mentions) => element("em", "", ...inline(found[1], mentions))],
  [/^__([\s\S]+?)__/, (found, mentions) => element("u", "", ...inline(found[1], mentions))],
  [/^~~([\s\S]+?)~~/, (found, mentions) => element("s", "", ...inline(found[1], mentions))],
  [/^\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/, (found, mentions) => anchor(found[2], ...inline(found[1], mentions))],
  [/^<t:(\d+)(?::([a-zA-Z]))?>/, (found) => time(Number(found[1]), { timeStyle: "medium" })],
  [/^(@everyone|@here|<@[&!]?\d+>)/, (found, mentions) => (mentions(found[1]) ? element("span", "mention", found[1]) : text(found[1]))],
];

// The nodes that a text stands for; `mentions` says whether a mention really calls anybody.
export function inline(source, mentions) {
  return marked(source, RULES, /[\\`*_~<@[]/, mentions);
}

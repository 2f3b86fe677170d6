// The part of Discord's markup that a message may hold. Everything goes into the page as text, never as HTML.

const RULES = [
  [/^\\([\\*_~`|>[\]()#<:@-])/, (found) => document.createTextNode(found[1])],
  [/^```(?:([\w+-]+)\n)?\n?([\s\S]*?)\n?```\n?/, (found) => element("pre", "", element("code", "", found[2]))],
  [/^``([\s\S]+?)``(?!`)/, (found) => element("code", "", found[1])],
  [/^`([^`]+)`/, (found) => element("code", "", found[1])],
  [/^\*\*([\s\S]+?)\*\*/, (found, mentions) => element("strong", "", ...marked(found[1], mentions))],
  [/^\*([^*\s][^*]*)\*/, (found, mentions) => element("em", "", ...marked(found[1], mentions))],
  [/^__([\s\S]+?)__/, (found, mentions) => element("u", "", ...marked(found[1], mentions))],
  [/^~~([\s\S]+?)~~/, (found, mentions) => element("s", "", ...marked(found[1], mentions))],
  [/^<t:(\d+)(?::([a-zA-Z]))?>/, (found) => moment(Number(found[1]))],
  [/^(@everyone|@here|<@[&!]?\d+>)/, (found, mentions) => (mentions(found[1]) ? element("span", "mention", found[1]) : text(found[1]))],
];

export function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const text = (value) => document.createTextNode(value);

function moment(seconds) {
  const shown = element("time", "", new Date(seconds * 1000).toLocaleTimeString());
  shown.dateTime = new Date(seconds * 1000).toISOString();
  return shown;
}

// The nodes that a text stands for; `mentions` says whether a mention really calls anybody.
export function marked(source, mentions) {
  const nodes = [];
  let plain = "";
  let rest = source;
  while (rest) {
    const rule = RULES.find(([pattern]) => pattern.test(rest));
    if (rule) {
      const found = rule[0].exec(rest);
      if (plain) nodes.push(text(plain));
      plain = "";
      nodes.push(rule[1](found, mentions));
      rest = rest.slice(found[0].length);
    } else {
      const next = rest.slice(1).search(/[\\`*_~<@]/);
      const end = next < 0 ? rest.length : next + 1;
      plain += rest.slice(0, end);
      rest = rest.slice(end);
    }
  }
  if (plain) nodes.push(text(plain));
  return nodes;
}

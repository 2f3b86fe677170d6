// Making nodes. Everything goes into the page as text, never as HTML.

export function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export const text = (value) => document.createTextNode(value);

export function anchor(address, ...children) {
  const made = element("a", "", ...children);
  made.href = address;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

export function time(seconds, shown = { dateStyle: "short", timeStyle: "medium" }) {
  const moment = new Date(seconds * 1000);
  const made = element("time", "", moment.toLocaleString([], shown));
  made.dateTime = moment.toISOString();
  return made;
}

// The nodes that a text stands for, by rules of a pattern that begins with ^ and what makes a node of its match.
// `signs` are the characters that any rule begins with; a rule may say where it can stand.
export function marked(source, rules, signs, ...given) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    const rule = rules.find(([pattern, , mayStand]) => pattern.test(rest) && (!mayStand || mayStand(source, at)));
    if (rule) {
      const found = rule[0].exec(rest);
      if (plain) nodes.push(text(plain));
      plain = "";
      nodes.push(rule[1](found, ...given));
      at += found[0].length;
    } else {
      const next = rest.slice(1).search(signs);
      const end = next < 0 ? rest.length : next + 1;
      plain += rest.slice(0, end);
      at += end;
    }
  }
  if (plain) nodes.push(text(plain));
  return nodes;
}

// Messages as Microsoft Teams shows them: Adaptive Cards.

import { anchor, element, marked, text, time } from "./dom.js";

export const NAME = "Microsoft Teams";

// What text blocks and fact sets read of Markdown. Rich text and code are shown as they are.
const RULES = [
  [/^<at>([^<]*)<\/at>/, (found) => element("span", "mention", found[1])],
  [/^\*\*(?=\S)([^\n]*?\S)\*\*/, (found) => element("strong", "", ...markdown(found[1]))],
  [/^_(?=\S)([^_\n]*[^_\s])_/, (found) => element("em", "", ...markdown(found[1]))],
  [/^\[([^\]\n]+)\]\((https?:\/\/[^)\s]+)\)/, (found) => anchor(found[2], found[1])],
  [/^\n\n/, () => element("br")],
  [/^\n/, () => text(" ")],
];
const markdown = (source) => marked(source, RULES, /[<*_[\n]/);

// The nodes that a person would see of a message.
export function draw(message) {
  const avatar = element("div", "avatar", "⚡");
  avatar.ariaHidden = "true";
  return [
    avatar,
    element("div", "", element("span", "author", "Workflows"), time(message.at)),
    element("article", "card", ...message.card.body.map(drawElement), ...drawActions(message.card.actions ?? [])),
  ];
}

function drawElement(part) {
  const made = (ELEMENTS[part.type] ?? unknown)(part);
  if (part.spacing) made.classList.add(`spacing-${part.spacing.toLowerCase()}`);
  if (part.separator) made.classList.add("separator");
  return made;
}

const unknown = (part) => (part.fallback ? drawElement(part.fallback) : element("div", "", `(${part.type})`));
const ELEMENTS = {
  TextBlock: (part) => looking(element("div", "text", ...markdown(part.text)), part),
  RichTextBlock: (part) => element("div", "text", ...part.inlines.map((each) => looking(element("span", "", each.text), each))),
  CodeBlock: (part) => element("pre", "", element("code", "", part.codeSnippet)),
  Container: (part) =>
    element("div", `container ${part.style ?? ""}${part.bleed ? " bleed" : ""}`, ...part.items.map(drawElement)),
  FactSet: (part) =>
    element("dl", "", ...part.facts.flatMap((fact) => [element("dt", "", ...markdown(fact.title)), element("dd", "", ...markdown(fact.value))])),
  ActionSet: (part) => element("div", "actions", ...part.actions.map(drawAction)),
};

const drawActions = (actions) => (actions.length ? [element("div", "actions", ...actions.map(drawAction))] : []);
const drawAction = (action) => anchor(action.url, action.title);

function looking(node, part) {
  for (const name of ["size", "weight", "color", "fontType"]) {
    if (part[name]) node.classList.add(`${name.toLowerCase()}-${part[name].toLowerCase()}`);
  }
  if (part.isSubtle) node.classList.add("subtle");
  return node;
}

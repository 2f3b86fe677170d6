// Messages as Slack shows them: Block Kit, mrkdwn and rich text.

import { anchor, element, marked, text, time } from "./dom.js";

export const NAME = "Slack";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const read = (source) => source.replace(/&(?:amp|lt|gt);/g, (found) => ENTITIES[found]);
// Marks begin where a word might, and end where one does.
const atWord = (source, at) => at === 0 || /[^\p{L}\p{N}]/u.test(source[at - 1]);
const pair = (sign, tag) => [
  new RegExp(`^[${sign}](?=\\S)([^${sign}\\n]*[^\\s${sign}])[${sign}](?![\\p{L}\\p{N}])`, "u"),
  (found) => element(tag, "", ...mrkdwn(found[1])),
  atWord,
];
// What stands in angle brackets is read in code, too: https://github.com/yhatt/jsx-slack/pull/46
const MARKS = [
  [/^<!date\^(\d+)\^[^|>]*\|([^>]*)>/, (found) => time(Number(found[1]))],
  [/^<!(here|channel|everyone)>/, (found) => mention(`@${found[1]}`)],
  [/^<!subteam\^(\w+)(?:\|[^>]*)?>/, (found) => mention(`@${found[1]}`)],
  [/^<@(\w+)(?:\|[^>]*)?>/, (found) => mention(`@${found[1]}`)],
  [/^<(https?:\/\/[^|>\s]+)(?:\|([^>]*))?>/, (found) => anchor(read(found[1]), read(found[2] ?? found[1]))],
  [/^&(?:amp|lt|gt);/, (found) => text(ENTITIES[found[0]])],
];
const RULES = [
  [/^```\n?([\s\S]*?)\n?```\n?/, (found) => element("pre", "", code(found[1]))],
  [/^`([^`\n]+)`/, (found) => code(found[1])],
  ...MARKS,
  pair("*", "strong"),
  pair("_", "em"),
  pair("~", "s"),
];

const mrkdwn = (source) => marked(source, RULES, /[`*_~<&]/);
const code = (source) => element("code", "", ...marked(source, MARKS, /[<&]/));
const mention = (name) => element("span", "mention", name);

// The nodes that a person would see of a message. Beside blocks its text is for notifications.
export function draw(message) {
  const avatar = element("div", "avatar", "🔔");
  avatar.ariaHidden = "true";
  const made = [
    avatar,
    element("div", "", element("span", "author", "Alerts"), element("span", "app", "APP"), time(message.at)),
  ];
  if (message.blocks) made.push(...message.blocks.map(drawBlock));
  else if (message.text) made.push(element("div", "text", ...mrkdwn(message.text)));
  made.push(...(message.attachments ?? []).map(drawAttachment));
  return made;
}

function drawAttachment(attachment) {
  const made = element("article", "attachment", ...(attachment.blocks ?? []).map(drawBlock));
  if (attachment.text) made.append(element("div", "text", ...mrkdwn(attachment.text)));
  if (/^#[0-9a-f]{6}$/i.test(attachment.color)) made.style.setProperty("--colour", attachment.color);
  return made;
}

function drawBlock(block) {
  return (BLOCKS[block.type] ?? unknown)(block);
}

const unknown = (block) => element("div", "text", `(${block.type})`);
const BLOCKS = {
  header: (block) => element("h3", "", block.text.text),
  divider: () => element("hr"),
  section: (block) =>
    element(
      "div",
      "section",
      ...(block.text ? [element("div", "text", ...drawText(block.text))] : []),
      ...(block.fields ? [element("div", "fields", ...block.fields.map((field) => element("div", "text", ...drawText(field))))] : []),
    ),
  context: (block) => element("div", "context", ...block.elements.map((each) => element("span", "text", ...drawText(each)))),
  rich_text: (block) => element("div", "rich", ...block.elements.map(drawRich)),
  actions: (block) => element("div", "actions", ...block.elements.map((each) => element("span", "button", each.text.text))),
};

const drawText = (object) => (object.type === "mrkdwn" ? mrkdwn(object.text) : [text(object.text)]);

function drawRich(part) {
  if (part.type === "rich_text_list") return element("ul", "", ...part.elements.map((each) => element("li", "", drawRich(each))));
  const inline = part.elements.map(drawInline);
  if (part.type === "rich_text_preformatted") return element("pre", "", element("code", "", ...inline));
  return element(part.type === "rich_text_quote" ? "blockquote" : "div", "text", ...inline);
}

function drawInline(part) {
  if (part.type === "date") return time(part.timestamp, { timeStyle: "medium" });
  if (part.type === "link") return anchor(part.url, part.text ?? part.url);
  if (part.type !== "text") return mention(`@${part.range ?? part.user_id ?? part.usergroup_id}`);
  let node = text(part.text);
  for (const [style, tag] of [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["code", "code"]]) {
    if (part.style?.[style]) node = element(tag, "", node);
  }
  return node;
}

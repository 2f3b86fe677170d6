// Draws what the stand-in received, and looks for more every second.

import { element, marked } from "./markdown.js";

const POLL_MS = 1000;
const ALL = "everything";
const at = (id) => document.getElementById(id);
const drawn = new Map(); // message id -> [its JSON, its node]
const seen = new Map(); // channel -> how many messages the reader has seen
let channel = decodeURIComponent(location.hash.slice(1)) || ALL;
let told = { messages: [], requests: [] };

async function look() {
  try {
    const answer = await fetch("/_ledger");
    told = await answer.json();
    draw();
  } catch {
    at("requests").textContent = "The stand-in does not answer: the demo has ended.";
  }
  setTimeout(look, POLL_MS);
}

function draw() {
  const shown = told.messages.filter((message) => channel === ALL || message.webhook === channel);
  seen.set(channel, shown.length);
  at("title").textContent = channel;
  drawChannels();
  drawRequests();
  const list = at("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.replaceChildren(...shown.map(nodeOf));
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function drawChannels() {
  const names = [ALL, ...new Set([...told.messages, ...told.requests].map((each) => each.webhook))];
  at("channels").replaceChildren(
    ...names.map((name) => {
      const count = told.messages.filter((message) => name === ALL || message.webhook === name).length;
      const fresh = count - (seen.get(name) ?? 0);
      const button = element("button", fresh > 0 && name !== channel && name !== ALL ? "unread" : "");
      button.append(element("span", "", name), element("b", "", String(count)));
      button.type = "button";
      button.ariaCurrent = String(name === channel);
      button.onclick = () => {
        channel = name;
        location.hash = name;
        draw();
        at("messages").scrollTop = at("messages").scrollHeight;
      };
      return element("li", "", button);
    }),
  );
}

function drawRequests() {
  const counts = {};
  for (const request of told.requests) counts[request.status] = (counts[request.status] ?? 0) + 1;
  const parts = Object.entries(counts).map(([status, count]) => element("span", status >= 400 ? "refused" : "", `${count} × ${status} `));
  at("requests").replaceChildren(`${told.requests.length} requests: `, ...parts);
}

// A node is drawn again only when its message has changed, so that a selection or an open file stays.
function nodeOf(message) {
  const json = JSON.stringify(message);
  const [before, node] = drawn.get(message.id) ?? [];
  if (before === json) return node;
  const made = drawMessage(message);
  drawn.set(message.id, [json, made]);
  return made;
}

function drawMessage(message) {
  const allowed = message.allowed_mentions ?? { parse: ["everyone", "users", "roles"] };
  const mentions = (found) => isAllowed(found, allowed);
  const name = message.username || message.webhook;
  const head = element("div", "", element("span", "author", name), element("span", "app", "APP"), time(message.at));
  if (message.username) head.append(element("span", "where", ` in #${message.webhook}`));
  const avatar = element("div", "avatar", name.slice(0, 1).toUpperCase());
  avatar.ariaHidden = "true";
  const made = element("li", "message", avatar, head);
  if (message.content) made.append(element("div", "text", ...marked(message.content, mentions)));
  made.append(...(message.embeds ?? []).map(drawEmbed), ...Object.entries(message.files ?? {}).map(drawFile));
  if (message.edited_at) made.append(element("span", "edited", "(edited)"));
  return made;
}

function isAllowed(found, allowed) {
  const id = /\d+/.exec(found)?.[0];
  if (!id) return allowed.parse?.includes("everyone");
  const kind = found.startsWith("<@&") ? "roles" : "users";
  return allowed.parse?.includes(kind) || allowed[kind]?.includes(id);
}

function drawEmbed(embed) {
  const never = () => false; // an embed calls nobody
  const made = element("article", "embed");
  if (embed.color !== undefined) made.style.setProperty("--colour", `#${embed.color.toString(16).padStart(6, "0")}`);
  if (embed.author?.name) made.append(element("div", "author", embed.author.name));
  if (embed.title) made.append(element("h3", "", ...marked(embed.title, never)));
  if (embed.description) made.append(element("div", "text", ...marked(embed.description, never)));
  if (embed.fields?.length) made.append(drawFields(embed.fields, never));
  const stamp = embed.timestamp ? time(Date.parse(embed.timestamp) / 1000) : "";
  if (embed.footer?.text || stamp) {
    made.append(element("footer", "", embed.footer?.text ?? "", embed.footer?.text && stamp ? " • " : "", stamp));
  }
  return made;
}

// Up to three inline fields share a row, as in Discord.
function drawFields(fields, mentions) {
  const widths = [];
  for (let first = 0; first < fields.length; ) {
    let last = first;
    while (fields[first].inline && last + 1 < fields.length && fields[last + 1].inline && last - first < 2) last += 1;
    const width = ["", "half", "third"][last - first];
    for (; first <= last; first += 1) widths.push(width);
  }
  return element(
    "div",
    "fields",
    ...fields.map((field, index) =>
      element("div", `field ${widths[index]}`.trim(), element("h4", "", ...marked(field.name, mentions)), element("div", "text", ...marked(field.value, mentions))),
    ),
  );
}

function drawFile([name, content]) {
  const size = new Blob([content]).size;
  const shown = size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KB`;
  return element("details", "", element("summary", "", name, " ", element("small", "", shown)), element("pre", "", content));
}

function time(seconds) {
  const moment = new Date(seconds * 1000);
  const made = element("time", "", moment.toLocaleString([], { dateStyle: "short", timeStyle: "medium" }));
  made.dateTime = moment.toISOString();
  return made;
}

look();

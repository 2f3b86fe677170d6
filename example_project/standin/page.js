// Draws what the stand-in received, and looks for more every second.

import { element, marked } from "./markdown.js";

const POLL_MS = 1000;
const LEDGER = 500; // the stand-in tells of no more requests than these
const ALL = "";
const at = (id) => document.getElementById(id);
const drawn = new Map(); // message id -> [its JSON, its node]
const links = new Map(); // channel -> its link
const seen = new Map(); // channel -> how many messages the reader has seen
let heard = null;
let told = { messages: [], requests: [] };

async function look() {
  let answer = "";
  try {
    answer = await (await fetch("/_ledger")).text();
  } catch {
    // Nobody is there: said below.
  }
  setTimeout(look, POLL_MS);
  if (answer === heard) return;
  heard = answer;
  if (answer) {
    told = JSON.parse(answer);
    draw();
  } else {
    at("requests").replaceChildren(element("span", "refused", "The stand-in does not answer: the demo has ended."));
  }
}

const chosen = () => decodeURIComponent(location.hash.slice(1));
const messagesOf = (channel) => told.messages.filter((message) => channel === ALL || message.webhook === channel);
const label = (channel) => channel || "everything";

function draw() {
  const channel = chosen();
  const channels = [...new Set([...told.messages, ...told.requests].map((each) => each.webhook))];
  for (const name of channel === ALL ? channels : [channel]) seen.set(name, messagesOf(name).length);
  at("title").textContent = label(channel);
  place(at("channels"), [ALL, ...channels].map((name) => linkTo(name, channel)));
  drawRequests();
  const list = at("messages");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  place(list, messagesOf(channel).map(nodeOf));
  if (isAtEnd) toEnd();
}

function toEnd() {
  at("messages").scrollTop = at("messages").scrollHeight;
}

// Touches only what changed: a node that is taken out, even for a moment, loses focus, selection and scroll position.
function place(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
}

function linkTo(name, channel) {
  if (!links.has(name)) {
    const link = element("a", "", element("span", "", label(name)), element("b"));
    link.href = `#${encodeURIComponent(name)}`;
    links.set(name, element("li", "", link));
  }
  const item = links.get(name);
  const link = item.firstChild;
  const count = messagesOf(name).length;
  const unread = name === ALL ? 0 : count - (seen.get(name) ?? 0);
  link.className = unread > 0 ? "unread" : "";
  link.title = unread > 0 ? `${unread} unread` : "";
  link.ariaCurrent = String(name === channel);
  link.lastChild.textContent = unread > 0 ? unread : count;
  return item;
}

function drawRequests() {
  const counts = {};
  for (const { status } of told.requests) counts[status] = (counts[status] ?? 0) + 1;
  const all = told.requests.length;
  at("requests").replaceChildren(
    element("span", "", `${all === LEDGER ? "Last " : ""}${all} request${all === 1 ? "" : "s"}`),
    ...Object.entries(counts).map(([status, count]) => {
      if (status >= 400) return element("span", "refused", `${count} × ${status} refused`);
      return element("span", status > 0 ? "taken" : "", `${count} × ${status > 0 ? status : "no answer yet"}`);
    }),
  );
}

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
  const made = element("li", "message", drawAvatar(name, message.avatar_url), head);
  if (message.content) made.append(element("div", "text", ...marked(message.content, mentions)));
  made.append(...(message.embeds ?? []).map(drawEmbed), ...Object.entries(message.files ?? {}).map(drawFile));
  if (message.edited_at) {
    const edited = time(message.edited_at);
    edited.className = "edited";
    edited.title = edited.textContent;
    edited.textContent = "(edited)";
    made.append(edited);
  }
  return made;
}

// The page loads nothing from elsewhere, so it names the picture that Discord would show.
function drawAvatar(name, address) {
  const made = element("div", "avatar", address ? "🖼️" : [...name, "?"][0].toUpperCase());
  if (address) {
    made.role = "img";
    made.ariaLabel = made.title = `Its own picture: ${address}`;
  } else {
    made.ariaHidden = "true";
  }
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
  if (embed.color) made.style.setProperty("--colour", `#${embed.color.toString(16).padStart(6, "0")}`);
  if (embed.author?.name) made.append(element("div", "by", embed.author.name));
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
      element(
        "div",
        `field ${widths[index]}`.trim(),
        element("h4", "", ...marked(field.name, mentions)),
        element("div", "text", ...marked(field.value, mentions)),
      ),
    ),
  );
}

function drawFile([name, content]) {
  const size = new Blob([content]).size;
  const shown = size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KB`;
  return element(
    "details",
    "",
    element("summary", "", name, " ", element("small", "", shown)),
    element("pre", "", element("code", "", content)),
  );
}

function time(seconds) {
  const moment = new Date(seconds * 1000);
  const made = element("time", "", moment.toLocaleString([], { dateStyle: "short", timeStyle: "medium" }));
  made.dateTime = moment.toISOString();
  return made;
}

addEventListener("hashchange", () => {
  draw();
  toEnd();
});
look();

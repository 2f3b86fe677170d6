// Messages as Discord shows them.

import { anchor, element, time } from "./dom.js";
import { inline } from "./markdown.js";

export const NAME = "Discord";
const SILENT = 1 << 12;

// The nodes that a person would see of a message.
export function draw(message) {
  const allowed = message.allowed_mentions ?? { parse: ["everyone", "users", "roles"] };
  const mentions = (found) => isAllowed(found, allowed);
  const name = message.username || message.webhook;
  const head = element("div", "", element("span", "author", name), element("span", "app", "APP"), time(message.at));
  if (message.username) head.append(element("span", "where", ` in #${message.webhook}`));
  if (message.thread_name) head.append(element("span", "where", ` › ${message.thread_name}`));
  if (message.flags & SILENT) head.append(drawSilence());
  const made = [drawAvatar(name, message.avatar_url), head];
  if (message.content) made.push(element("div", "text", ...inline(message.content, mentions)));
  const files = Object.entries(message.files ?? {});
  const pictures = new Map(files.filter(([, content]) => content.startsWith("data:image/")));
  made.push(...(message.embeds ?? []).map((embed) => drawEmbed(embed, pictures)));
  made.push(...files.filter(([file]) => !pictures.has(file)).map(drawFile));
  made.push(...(message.components ?? []).map(drawButtons));
  if (message.edited_at) {
    const edited = time(message.edited_at);
    edited.className = "edited";
    edited.title = edited.textContent;
    edited.textContent = "(edited)";
    made.push(edited);
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

function drawSilence() {
  const made = element("span", "where", " 🔕");
  made.title = "Sent without a notification";
  return made;
}

// Webhooks may have buttons that are links, and no others.
function drawButtons(row) {
  const buttons = row.components.map((button) => {
    const made = anchor(button.url, button.label, " ↗\ufe0e");
    made.className = "button";
    return made;
  });
  return element("div", "buttons", ...buttons);
}

function isAllowed(found, allowed) {
  const id = /\d+/.exec(found)?.[0];
  if (!id) return allowed.parse?.includes("everyone");
  const kind = found.startsWith("<@&") ? "roles" : "users";
  return allowed.parse?.includes(kind) || allowed[kind]?.includes(id);
}

function drawEmbed(embed, pictures) {
  const never = () => false; // an embed calls nobody
  const made = element("article", "embed");
  if (embed.color) made.style.setProperty("--colour", `#${embed.color.toString(16).padStart(6, "0")}`);
  if (embed.author?.name) made.append(element("div", "by", embed.author.name));
  if (embed.title) {
    const title = inline(embed.title, never);
    made.append(element("h3", "", ...(embed.url ? [anchor(embed.url, ...title)] : title)));
  }
  if (embed.description) made.append(element("div", "text", ...inline(embed.description, never)));
  if (embed.fields?.length) made.append(drawFields(embed.fields, never));
  const picture = pictures.get(embed.image?.url.replace("attachment://", ""));
  if (picture) {
    const shown = element("img", "picture");
    shown.src = picture;
    shown.alt = embed.image.url.replace("attachment://", "");
    made.append(shown);
  }
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
        element("h4", "", ...inline(field.name, mentions)),
        element("div", "text", ...inline(field.value, mentions)),
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

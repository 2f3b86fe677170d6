// A mail as a mailbox shows it: its head, and its page in a frame of its own, in which nothing runs.

import { element, time } from "./dom.js";

export const NAME = "E-mail";

// The nodes that a person would see of a mail.
export function draw(mail) {
  const head = element("div", "head", element("h3", "", mail.subject));
  for (const [name, value] of [["From", mail.from], ["To", mail.to], ["Cc", mail.cc], ["Reply to", mail.reply_to]]) {
    if (value) head.append(element("div", "who", element("span", "", name), value));
  }
  const marks = Object.entries(mail.headers).filter(([name]) => /^(X-Alert-|Importance)/.test(name));
  head.append(time(mail.at), element("div", "marks", ...marks.map(([name, value]) => element("code", "", `${name}: ${value}`))));
  const plain = element("pre", "", mail.text);
  const body = mail.page ? [page(mail), element("details", "", element("summary", "", "Plain text"), plain)] : [plain];
  const files = Object.entries(mail.files).map(([name, text]) =>
    element("details", "file", element("summary", "", name), element("pre", "", text)),
  );
  const clipped = mail.clipped ? [element("p", "clipped", "Gmail would show the beginning only.")] : [];
  return [element("article", "", head, ...clipped, ...body, ...files)];
}

function page(mail) {
  const frame = element("iframe");
  frame.title = mail.subject;
  frame.setAttribute("sandbox", "allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    for (const link of inside.links) link.target = "_blank";
    frame.height = inside.documentElement.scrollHeight;
  });
  frame.src = `/mail/${mail.id}`;
  return frame;
}

// What a receiver of one's own may show of an event: its alerts, and the JSON that came.

import { anchor, element, time } from "./dom.js";

export const NAME = "Webhook";

// The nodes that a person would see of a message.
export function draw(message) {
  const { type, timestamp, data } = message;
  const raw = element("details", "", element("summary", "", "JSON"), element("pre", "", json({ type, timestamp, data })));
  return [
    element(
      "div",
      "head",
      element("code", "type", type),
      element("span", message.signatures ? "signed" : "unsigned", told(message.signatures)),
      time(message.at),
    ),
    ...data.alerts.map(drawAlert),
    raw,
  ];
}

const json = (value) => JSON.stringify(value, null, 2);
const told = (count) => (count > 1 ? `${count} signatures` : count ? "signed" : "not signed");

function drawAlert(alert) {
  const { exception, incident } = alert;
  const made = element(
    "article",
    `alert ${alert.level}`,
    element("h3", "", element("span", "level", alert.level), exception?.type || alert.message || alert.kind),
  );
  if (exception?.type && alert.message) made.append(element("div", "text", alert.message));
  const facts = [
    ["occurrences", alert.occurrences > 1 ? `×${alert.occurrences}` : ""],
    ["incident", incident ? [incident.state, incident.note].filter(Boolean).join(": ") : ""],
    ["logger", alert.logger],
    ...Object.entries({ ...alert.details, ...alert.context }).map(([name, value]) => [name, plain(value)]),
    ["from", [alert.service, alert.environment, alert.release, alert.host].filter(Boolean).join(" · ")],
  ].filter(([, value]) => value !== "");
  const list = element("dl");
  for (const [name, value] of facts) list.append(element("dt", "", name), element("dd", "", value));
  made.append(list);
  if (exception?.stack_trace) made.append(element("pre", "", exception.stack_trace));
  if (/^https?:\/\//.test(alert.url)) made.append(anchor(alert.url, "Open"));
  return made;
}

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// Alerts as Opsgenie and Jira Service Management list them: priority, message, tags, details and activity.

import { anchor, element, time } from "./dom.js";

export const NAME = "Opsgenie";

// Both services draw the tags of HTML in what they show; here they would be seen as such.
const drawn = (text) => text.replace(/<[a-zA-Z/!?][^>]*>/g, "⟦HTML⟧");

// The nodes that a person would see of an alert.
export function draw(alert) {
  const details = element("dl");
  for (const [name, value] of Object.entries(alert.details ?? {})) {
    details.append(element("dt", "", drawn(name)), element("dd", "", drawn(value)));
  }
  const [, link, text] = /^(https?:\/\/\S+)?\s*([^]*)$/.exec(alert.description ?? "");
  const log = element("ol", "log", ...alert.log.map((each) => element("li", "", drawn(each))));
  return [
    element(
      "article",
      `${alert.status} ${alert.priority}`,
      element(
        "div",
        "head",
        element("span", "priority", alert.priority),
        element("span", "status", alert.status),
        element("span", "count", `×${alert.count}`),
        time(alert.at),
      ),
      element("h3", "", drawn(alert.message)),
      element("div", "tags", ...(alert.tags ?? []).map((tag) => element("span", "tag", drawn(tag)))),
      ...(link ? [anchor(link, link)] : []),
      element("pre", "", drawn(text)),
      details,
      log,
    ),
  ];
}

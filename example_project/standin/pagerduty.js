// Alerts as PagerDuty lists them: where each stands, how grave it is, and its details.

import { anchor, element, time } from "./dom.js";

export const NAME = "PagerDuty";

// The nodes that a person would see of an alert.
export function draw(alert) {
  const { payload, links = [], log } = alert;
  const details = element("dl");
  const facts = { source: payload.source, component: payload.component, class: payload.class, group: payload.group };
  for (const [name, value] of Object.entries({ ...facts, ...payload.custom_details })) {
    if (value) details.append(element("dt", "", name), element("dd", "", plain(value)));
  }
  return [
    element(
      "article",
      alert.status,
      element(
        "div",
        "head",
        element("span", "status", alert.status),
        element("span", `severity ${payload.severity}`, payload.severity),
        time(Date.parse(payload.timestamp) / 1000),
      ),
      element("h3", "", payload.summary),
      element("div", "log", log.join(" → ")),
      ...links.map((link) => anchor(link.href, link.text)),
      element("details", "", element("summary", "", "Details"), details),
    ),
  ];
}

function plain(value) {
  if (typeof value === "string") return value;
  if (value.stack_trace) return element("pre", "", value.stack_trace);
  return JSON.stringify(value);
}

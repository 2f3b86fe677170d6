// Alerts as a reader of Alertmanager's webhooks may list them: a line of labels, and what is said of them.

import { anchor, element, time } from "./dom.js";

export const NAME = "Alertmanager";

// The nodes that a person would see of an alert.
export function draw(alert) {
  const { summary, ...annotations } = alert.annotations;
  const labels = Object.entries(alert.labels).filter(([name]) => name !== "alertname");
  const list = element("dl");
  for (const [name, value] of Object.entries(annotations)) {
    list.append(element("dt", "", name), element("dd", "", element(value.includes("\n") ? "pre" : "span", "", value)));
  }
  const made = element(
    "article",
    `${alert.status} ${alert.labels.severity}`,
    element(
      "div",
      "head",
      element("span", "status", alert.status),
      element("h3", "", alert.labels.alertname),
      time(Date.parse(alert.startsAt) / 1000),
    ),
    element("div", "text", summary ?? ""),
    element("div", "labels", ...labels.map(([name, value]) => element("code", "", `${name}="${value}"`))),
    list,
  );
  if (/^https?:\/\//.test(alert.generatorURL)) made.append(anchor(alert.generatorURL, "Source"));
  return [made];
}

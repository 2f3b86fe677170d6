// Draws what the stand-in received, and looks for more every second.

import { element } from "./dom.js";
import { SERVICES } from "./services.js";

const POLL_MS = 1000;
const LEDGER = 500; // the stand-in tells of no more requests than these
const ALL = "";
const BESIDE = "/side-by-side"; // no channel can be called so
const at = (id) => document.getElementById(id);
const drawn = new Map(); // service and message id -> [its JSON, its node]
const links = new Map(); // channel -> its link
const seen = new Map(); // channel -> how many messages the reader has seen
const columns = new Map(); // service -> its column
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
const messagesOf = (channel) => told.messages.filter((message) => [ALL, BESIDE].includes(channel) || message.webhook === channel);
const label = (channel) => ({ [ALL]: "everything", [BESIDE]: "side by side" })[channel] ?? channel;
const serviceOf = (channel) => [...told.requests, ...told.messages].find((each) => each.webhook === channel)?.service;

function draw() {
  const channel = chosen();
  const channels = [...new Set([...told.messages, ...told.requests].map((each) => each.webhook))];
  const isBeside = channel === BESIDE;
  for (const name of channel === ALL || isBeside ? channels : [channel]) seen.set(name, messagesOf(name).length);
  const service = serviceOf(channel);
  at("title").textContent = label(channel);
  at("service").textContent = service ? `${SERVICES[service].NAME}. ` : "";
  document.querySelector("main").className = service ? `of-${service}` : "";
  place(at("channels"), [ALL, BESIDE, ...channels].map((name) => linkTo(name, channel)));
  drawRequests();
  at("columns").hidden = !isBeside;
  at("messages").hidden = isBeside;
  if (isBeside) drawColumns();
  else drawMessages(channel);
}

function drawMessages(channel) {
  const list = at("messages");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  place(list, messagesOf(channel).map(nodeOf));
  if (isAtEnd) toEnd();
}

// What each service received, next to each other: the same alerts, as each of them shows them.
function drawColumns() {
  const services = Object.keys(SERVICES).filter((name) => told.messages.some((message) => message.service === name));
  place(at("columns"), services.map((name) => columnOf(name)));
  for (const name of services) {
    const list = columns.get(name).lastChild;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    place(list, told.messages.filter((message) => message.service === name).map(nodeOf));
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }
}

function columnOf(service) {
  if (!columns.has(service)) {
    const list = element("ol");
    list.tabIndex = 0;
    list.ariaLabel = SERVICES[service].NAME;
    columns.set(service, element("section", "", element("h3", "", SERVICES[service].NAME), list));
  }
  return columns.get(service);
}

function toEnd() {
  for (const list of [at("messages"), ...document.querySelectorAll("#columns ol")]) list.scrollTop = list.scrollHeight;
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
  const isView = name === ALL || name === BESIDE;
  const unread = isView ? 0 : count - (seen.get(name) ?? 0);
  link.className = unread > 0 ? "unread" : "";
  link.title = unread > 0 ? `${unread} unread` : "";
  link.ariaCurrent = String(name === channel);
  if (!isView) link.dataset.service = SERVICES[serviceOf(name)].NAME;
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
  const key = `${message.service}/${message.id}`;
  const [before, node] = drawn.get(key) ?? [];
  if (before === json) return node;
  const made = element("li", `message ${message.service}`, ...SERVICES[message.service].draw(message));
  drawn.set(key, [json, made]);
  return made;
}

addEventListener("hashchange", () => {
  draw();
  toEnd();
});
look();

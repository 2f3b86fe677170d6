// Keeps the dashboard up to date, and draws its chart. Without this script the page is whole, as of when it was opened.
"use strict";

(() => {
  const EVERY_MS = 10000;
  const HEIGHT = 240;
  const COLOURS = { delivered: "--wa-green", suppressed: "--wa-grey", failed: "--wa-red" };
  let now, stale, chart;

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "currentColor";
  }

  function given() {
    return JSON.parse(document.getElementById("wa-chart-data").textContent);
  }

  function rows({ starts, counts }) {
    return [starts, ...Object.keys(COLOURS).map((name) => counts[name])];
  }

  // From the first piece of time to the end of the last.
  function whole({ starts }) {
    return [starts[0], 2 * starts.at(-1) - starts.at(-2)];
  }

  // Times and numbers as the page's language has them, in the time zone of its other times.
  function words(language, zone) {
    const speaker = (kind, options) => new Intl[kind](language, options);
    const date = { day: "2-digit", month: "2-digit", timeZone: zone };
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
    const [days, clocks, moments] = [date, clock, { ...date, ...clock }].map((form) => speaker("DateTimeFormat", form));
    const figures = speaker("NumberFormat");
    const said = (form, value) => (value == null ? "—" : form.format(value));
    return {
      number: (value) => said(figures, value),
      moment: (at) => said(moments, at == null ? at : at * 1000),
      tick: (at, step) => said(step >= 86400 ? days : clocks, at * 1000),
    };
  }

  function draw() {
    const place = document.getElementById("wa-chart");
    const data = given();
    const ink = getComputedStyle(document.body).color;
    const line = colour("--wa-line");
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const zone = data.zone ?? undefined;
    const said = words(data.language, zone);
    const times = { ...axis, values: (plot, splits, axisIndex, space, step) => splits.map((at) => said.tick(at, step)) };
    const numbers = { ...axis, size: 56, values: (plot, splits) => splits.map(said.number) };
    const series = Object.entries(COLOURS).map(([name, variable]) => ({
      label: data.names[name],
      value: (plot, value) => said.number(value),
      stroke: colour(variable),
      fill: `${colour(variable)}33`,
      width: 2,
      paths: uPlot.paths.stepped({ align: 1, extend: true }),
      points: { show: false },
    }));
    const size = { width: place.clientWidth, height: HEIGHT };
    chart?.destroy();
    const time = { label: data.names.time, value: (plot, at) => said.moment(at) };
    // What is not zoomed into reaches to the end of the last piece, whose start is the last that uPlot knows.
    const range = (plot, from, to) => (to === plot.data[0].at(-1) ? whole({ starts: plot.data[0] }) : [from, to]);
    const tzDate = (at) => (zone ? uPlot.tzDate(new Date(at * 1000), zone) : new Date(at * 1000));
    const shown = { tzDate, scales: { x: { range } }, series: [time, ...series], axes: [times, numbers] };
    chart = new uPlot({ ...size, ...shown, padding: [null, 24, null, null] }, rows(data), place);
  }

  // New numbers; where somebody has zoomed in, the piece of time that is looked at stays.
  function redraw() {
    const [from, to] = whole({ starts: chart.data[0] });
    const { min, max } = chart.scales.x;
    const isZoomed = min > from || max < to;
    chart.setData(rows(given()), !isZoomed);
    if (isZoomed) chart.redraw();
  }

  // Only what differs is replaced, so that focus, selection and what is open stay.
  function bringIn(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").body;
    const focused = document.activeElement?.getAttribute("href");
    for (const part of fresh.children) {
      const old = part.id && document.getElementById(part.id);
      if (!old) continue;
      if (part.id === "wa-ended") {
        for (const id of ["wa-chart-data", "wa-numbers"]) {
          const [before, after] = [document.getElementById(id), part.querySelector(`#${id}`)];
          if (id === "wa-chart-data") before.textContent = after.textContent;
          else before.querySelector("tbody").replaceWith(after.querySelector("tbody"));
        }
        redraw();
      } else if (old.innerHTML !== part.innerHTML) {
        old.replaceChildren(...part.childNodes);
      }
    }
    if (focused && document.activeElement === document.body) {
      now.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  async function refresh() {
    if (document.hidden) return;
    try {
      const address = new URL(location.href);
      address.searchParams.set("part", "");
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      bringIn(await answer.text());
      stale.hidden = true;
      now.dataset.refreshed = String(Number(now.dataset.refreshed ?? 0) + 1);
    } catch {
      stale.hidden = false;
    }
  }

  function start() {
    now = document.getElementById("wa-now");
    stale = document.getElementById("wa-stale");
    if (!now) return;
    draw();
    const place = document.getElementById("wa-chart");
    new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT })).observe(now);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["class", "data-theme"] });
    document.addEventListener("visibilitychange", refresh);
    setInterval(refresh, EVERY_MS);
  }

  document.addEventListener("DOMContentLoaded", start);
})();

// Trends below each other, one signal each, with one time axis and one cursor: no second scale to mistake for the first.

import { date, hasText, number, text, timeOfDay, timeZone } from "/static/format.js";
import { stream } from "/static/stream.js";

const MOST_CURVES = 6;
const SPAN_SECONDS = { "1h": 3600, "24h": 86400, "7d": 604800 };
const REFRESH_MILLISECONDS = 60000;
const STEP_SECONDS = { "1m": 60, "1h": 3600 };
const PLOT_PIXELS = 132;
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(`--${name}`).trim();
const font = `11px ${style.getPropertyValue("--font")}`;

// Samples further apart than this are drawn as a gap.
function gapSeconds(times, level, spanSeconds, points) {
  const steps = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 1;
  if (level !== "raw") return 1.5 * Math.max(STEP_SECONDS[level], usual);
  return Math.max(5 * usual, (4 * spanSeconds) / points, Number(document.body.dataset.staleSeconds));
}

// Gives [times, values, maxima, minima] of one signal with a null wherever a gap must be seen.
function withGaps(times, columns, limitSeconds) {
  const filled = [[], ...columns.map(() => [])];
  let last = null;
  times.forEach((time, index) => {
    if (columns[0][index] === null) return;
    if (last !== null && time - last > limitSeconds) {
      filled[0].push(last + 0.001);
      columns.forEach((_, column) => filled[column + 1].push(null));
    }
    filled[0].push(time);
    columns.forEach((values, column) => filled[column + 1].push(values[index]));
    last = time;
  });
  return filled;
}

// Cuts a state's name to what fits beside the axis; a Chinese character is as wide as two Latin letters.
function shortened(name) {
  let room = 9;
  const kept = [...name].filter((letter) => (room -= letter > "\u2e7f" ? 2 : 1) >= 0);
  return kept.length < name.length ? `${kept.join("")}\u2026` : name;
}

// Samples between two gaps have no line to either side: they are drawn as dots, or nobody would see them.
function lonely(plot, index) {
  const values = plot.data[index];
  const isThere = (at) => values[at] !== null && values[at] !== undefined;
  return values.flatMap((_, at) => (isThere(at) && !isThere(at - 1) && !isThere(at + 1) ? [at] : []));
}

class Trend {
  constructor(box, sync) {
    Object.assign(this, box.dataset);
    this.name = box.value;
    this.decimals = Number(box.dataset.decimals);
    this.normal = JSON.parse(box.dataset.normal ?? "null");
    this.states = JSON.parse(box.dataset.states ?? "null");
    this.isStepped = this.type !== "real" && this.type !== "double";
    this.sync = sync;
    this.figure = document.createElement("figure");
    this.figure.className = "trend";
    this.caption = document.createElement("figcaption");
    const title = document.createElement("strong");
    title.textContent = this.label;
    const unit = document.createElement("span");
    unit.className = "unit";
    unit.textContent = this.unit;
    this.readout = document.createElement("span");
    this.readout.className = "readout";
    this.caption.append(title, unit, this.readout);
    this.place = document.createElement("div");
    this.place.className = "plot";
    this.figure.append(this.caption, this.place);
  }

  shown(value) {
    if (value === null || value === undefined) return "\u2014";
    if (this.states) return this.states[value] ?? text("unknown_state", { n: value });
    if (this.type === "boolean") return text(value ? "yes" : "no");
    return number(value, this.decimals);
  }

  draw(answer, spanSeconds, points) {
    const times = answer.times.map((time) => time / 1000);
    const [mean, maximum, minimum] = [answer.columns, answer.maximum, answer.minimum].map((table) => table[this.name]);
    // The mean of states is no state: a bucket shows its highest, and the band tells whether there were others.
    const columns = maximum ? [this.isStepped ? maximum : mean, maximum, minimum] : [mean];
    const kept = times.filter((_, index) => columns[0][index] !== null);
    this.limitSeconds = gapSeconds(kept, answer.level, spanSeconds, points);
    this.spanSeconds = spanSeconds;
    this.data = withGaps(times, columns, this.limitSeconds);
    this.to = Date.parse(answer.to) / 1000;
    this.figure.classList.toggle("is-empty", kept.length === 0);
    this.plot?.destroy();
    this.plot = null;
    if (kept.length === 0) {
      this.place.textContent = text("trend_empty");
      this.readout.textContent = "";
      return;
    }
    this.place.textContent = "";
    this.plot = new uPlot(this.#options(columns.length > 1), this.data, this.place);
    this.summarise();
  }

  append(time, value) {
    if (!this.plot || value === null || value === undefined) return false;
    const last = this.data[0].at(-1);
    if (time <= last) return false;
    if (time - last > this.limitSeconds) {
      this.data[0].push(last + 0.001);
      this.data[1].push(null);
    }
    this.data[0].push(time);
    this.data[1].push(value);
    while (this.data[0][0] < time - this.spanSeconds) this.data.forEach((column) => column.shift());
    this.to = Math.max(this.to, time);
    this.plot.setData(this.data);
    this.summarise();
    return true;
  }

  summarise() {
    const index = this.plot.cursor.idx;
    if (index !== null && index !== undefined) {
      const time = this.data[0][index] * 1000;
      const long = this.spanSeconds > 86400 ? `${date(time)} ` : "";
      this.readout.textContent = `${long}${timeOfDay(time)}  ${this.shown(this.data[1][index])}`;
      return;
    }
    const values = this.data[1].filter((value) => value !== null);
    if (this.isStepped) {
      this.readout.textContent = this.shown(values.at(-1));
      return;
    }
    const low = Math.min(...(this.data[3] ?? values).filter((value) => value !== null));
    const high = Math.max(...(this.data[2] ?? values).filter((value) => value !== null));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const parts = [["minimum", low], ["mean", mean], ["maximum", high]];
    this.readout.textContent = parts.map(([key, value]) => `${text(key)} ${this.shown(value)}`).join("   ");
    this.figure.setAttribute("aria-label", `${this.label} ${this.unit}: ${this.readout.textContent}`);
  }

  resize() {
    this.plot?.setSize({ width: this.place.clientWidth, height: PLOT_PIXELS });
  }

  #options(hasBand) {
    const line = colour("ink-plot");
    const axis = { stroke: colour("ink-quiet"), font, grid: { stroke: colour("line-plot"), width: 1 }, ticks: { show: false } };
    const dots = { show: true, size: 4, fill: line, stroke: line, filter: lonely };
    const series = [{}, { stroke: line, width: 1.5, points: dots, spanGaps: false }];
    if (this.isStepped) series[1].paths = uPlot.paths.stepped({ align: 1 });
    if (hasBand) {
      const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
      series.push(edge, edge);
    }
    return {
      width: this.place.clientWidth,
      height: PLOT_PIXELS,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: this.sync }, points: { size: 6 }, drag: { x: false, y: false }, y: false },
      scales: { x: { range: () => [this.to - this.spanSeconds, this.to] }, y: { range: (_, low, high) => this.#range(low, high) } },
      series,
      bands: hasBand ? [{ series: [2, 3], fill: colour("band-plot") }] : [],
      axes: [{ ...axis, size: 26, space: 70, values: this.#times() }, { ...axis, size: 64, space: 26, ...this.#levels() }],
      hooks: { drawClear: [(plot) => this.#drawNormal(plot)], setCursor: [() => this.summarise()] },
    };
  }

  #times() {
    const format = this.spanSeconds > 86400 ? "{MM}-{DD}" : "{HH}:{mm}";
    const stamp = uPlot.fmtDate(format);
    return (_, splits) => splits.map((seconds) => stamp(uPlot.tzDate(new Date(seconds * 1000), timeZone)));
  }

  #levels() {
    if (!this.isStepped) return { values: (_, splits) => splits.map((value) => (Math.abs(value) >= 10000 ? number(value, 0) : `${+value.toFixed(6)}`.replace("-", "\u2212"))) };
    const short = (value) => (Number.isInteger(value) ? shortened(this.shown(value)) : "");
    return { values: (_, splits) => splits.map(short), incrs: [1, 2, 5, 10, 50, 100, 1000, 10000, 100000, 1000000] };
  }

  #range(low, high) {
    if (low === null) return [0, 1];
    if (this.isStepped) return [low - 0.3, high + 0.6];
    // A steady signal stays a flat line: noise in the last digit must not fill the height.
    const least = this.normal ? (this.normal[1] - this.normal[0]) * 0.1 : Math.max(Math.abs(high) * 0.01, 10 ** -this.decimals * 10);
    const room = Math.max((high - low) * 0.1, (least - (high - low)) / 2);
    return [low - room, high + room];
  }

  #drawNormal(plot) {
    if (!this.normal) return;
    const { ctx, bbox } = plot;
    const clamp = (value) => Math.min(bbox.top + bbox.height, Math.max(bbox.top, plot.valToPos(value, "y", true)));
    const [bottom, top] = [clamp(this.normal[0]), clamp(this.normal[1])];
    ctx.save();
    ctx.fillStyle = colour("band-normal");
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    ctx.restore();
  }
}

class SignalTrends extends HTMLElement {
  #trends = [];
  #request = null;

  connectedCallback() {
    this.equipment = Number(this.getAttribute("equipment"));
    this.boxes = [...document.querySelectorAll("table.signals input[type=checkbox]")];
    this.buttons = [...document.querySelectorAll("[data-span]")];
    const asked = new URLSearchParams(location.search);
    this.span = asked.get("span") in SPAN_SECONDS ? asked.get("span") : "1h";
    const first = (asked.get("signals") ?? this.getAttribute("curves")).split(",");
    for (const box of this.boxes) {
      box.checked = first.includes(box.value);
      box.addEventListener("change", () => this.#choose());
    }
    for (const button of this.buttons) {
      button.addEventListener("click", () => {
        this.span = button.dataset.span;
        this.#choose();
      });
    }
    new ResizeObserver(() => this.#trends.forEach((trend) => trend.resize())).observe(this);
    stream.addEventListener("update", ({ detail }) => this.#follow(detail.rows));
    stream.addEventListener("resync", () => this.load());
    setInterval(() => document.visibilityState === "visible" && this.level !== "raw" && this.load(), REFRESH_MILLISECONDS);
    this.#mark();
    this.load();
  }

  get newestTime() {
    return this.#trends[0]?.data?.[0].at(-1) ?? 0;
  }

  #choose() {
    this.#mark();
    const address = new URL(location.href);
    address.searchParams.set("signals", this.#chosen().map((box) => box.value).join(","));
    address.searchParams.set("span", this.span);
    history.replaceState(null, "", address);
    this.load();
  }

  #chosen() {
    return this.boxes.filter((box) => box.checked).slice(0, MOST_CURVES);
  }

  #mark() {
    const isFull = this.#chosen().length >= MOST_CURVES;
    for (const box of this.boxes) {
      box.disabled = isFull && !box.checked;
      box.title = box.disabled ? text("trend_full") : "";
    }
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.span === this.span));
  }

  async load() {
    this.#request?.abort();
    const chosen = this.#chosen();
    if (chosen.length === 0) return this.#say("is-empty", text("trend_none"));
    const request = new AbortController();
    this.#request = request;
    const points = Math.min(5000, Math.max(600, Math.round(this.clientWidth * 1.5)));
    const query = `signals=${chosen.map((box) => box.value).join(",")}&span=${this.span}`;
    document.querySelector(".download").href = `/api/v1/equipment/${this.equipment}/series.csv?${query}`;
    if (this.#trends.length === 0) this.#say("is-loading", text("trend_loading"));
    try {
      const answer = await fetch(`/api/v1/equipment/${this.equipment}/series?${query}&points=${points}`, { signal: request.signal });
      const content = await answer.json();
      if (!answer.ok) throw new Error(content.error);
      this.#draw(chosen, content, points);
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(error.message);
    }
    return undefined;
  }

  #draw(chosen, answer, points) {
    this.level = answer.level;
    this.setAttribute("aria-busy", "false");
    const known = new Map(this.#trends.map((trend) => [trend.name, trend]));
    this.#trends = chosen.map((box) => known.get(box.value) ?? new Trend(box, `trends-${this.equipment}`));
    for (const [name, trend] of known) if (!chosen.some((box) => box.value === name)) trend.plot?.destroy();
    this.replaceChildren(...this.#trends.map((trend) => trend.figure));
    for (const trend of this.#trends) trend.draw(answer, SPAN_SECONDS[this.span], points);
    const key = `level_${answer.level}`;
    document.querySelector(".trend-level").textContent = hasText(key) ? text(key) : "";
  }

  #follow(rows) {
    if (this.level !== "raw" || this.span !== "1h") return;
    const row = rows.find((one) => one.id === this.equipment);
    if (!row || row.t === null) return;
    for (const trend of this.#trends) {
      const time = row.at?.[trend.name] ?? row.t;
      if (!trend.plot) this.load();
      else if (!((row.q?.[trend.name] ?? 0) >= 128)) trend.append(time / 1000, row.v[trend.name]);
    }
  }

  #say(kind, message) {
    this.#trends.forEach((trend) => trend.plot?.destroy());
    this.#trends = [];
    const line = document.createElement("p");
    line.className = `blank ${kind}`;
    line.textContent = message;
    this.replaceChildren(line);
    return line;
  }

  #fail(message) {
    const line = this.#say("is-error", `${text("trend_error")}: ${message} `);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = text("retry");
    button.addEventListener("click", () => this.load());
    line.append(button);
  }
}

customElements.define("signal-trends", SignalTrends);

// Trends below each other, one signal each, with one time axis and one cursor: no second scale to mistake for the first.

import { date, text, timeOfDay } from "/static/format.js";
import { stream } from "/static/stream.js";
import { Trend } from "./trend.js";

const MOST_CURVES = 6;
const MOST_MACHINES = 200;
const SPANS = ["1h", "24h", "7d", "30d"];
const EARLIER_SECONDS = { day: 86400, week: 604800 };
const LEAST_SECONDS = 10;
const REFRESH_MILLISECONDS = 60000;
const LEVELS = {
  raw: text("原始数据"),
  "1m": text("每分钟均值，色带为最小至最大"),
  "1h": text("每小时均值，色带为最小至最大"),
};

// What is looked at: the last so many hours ({ span }), or from one time to another ({ from, to }: texts as the server reads them, in
// the plant's time where they name no zone).
function asked(query) {
  const [from, to, span] = ["from", "to", "span"].map((name) => query.get(name));
  return from && to ? { from, to } : { span: SPANS.includes(span) ? span : "1h" };
}

function parameters(view) {
  return new URLSearchParams(view).toString();
}

function between(...seconds) {
  const [from, to] = seconds.map((second) => new Date(Math.round(second * 1000)).toISOString());
  return { from, to };
}

class SignalTrends extends HTMLElement {
  #trends = [];
  #request = null;
  #before = [];

  connectedCallback() {
    this.equipment = Number(this.getAttribute("equipment"));
    this.boxes = [...document.querySelectorAll("table.signals input[type=checkbox]")];
    this.buttons = [...document.querySelectorAll("[data-span]")];
    this.back = document.querySelector(".trend-back");
    this.interval = document.querySelector(".trend-interval");
    this.comparison = document.getElementById("trend-compare");
    const query = new URLSearchParams(location.search);
    this.view = asked(query);
    const first = (query.get("signals") ?? this.getAttribute("curves")).split(",");
    for (const box of this.boxes) {
      box.checked = first.includes(box.value);
      box.addEventListener("change", () => this.#choose());
    }
    for (const button of this.buttons) button.addEventListener("click", () => this.#look({ span: button.dataset.span }));
    this.back.addEventListener("click", () => this.#return());
    this.interval.addEventListener("submit", (event) => this.#lookAtInterval(event));
    this.interval.addEventListener("input", () => this.interval.elements.to.setCustomValidity(""));
    this.comparison.addEventListener("change", () => this.#choose());
    new ResizeObserver(() => this.#trends.forEach((trend) => trend.resize())).observe(this);
    stream.addEventListener("update", ({ detail }) => this.#follow(detail.rows));
    stream.addEventListener("resync", () => this.load());
    setInterval(() => document.visibilityState === "visible" && this.view.span && this.level !== "raw" && this.load(), REFRESH_MILLISECONDS);
    this.#mark();
    this.#offerMachines(query.get("compare") ?? "");
  }

  get newestTime() {
    return this.#trends[0]?.data?.[0].at(-1) ?? 0;
  }

  #look(view) {
    this.#before.push(this.view);
    this.view = view;
    this.#choose();
  }

  #return() {
    this.view = this.#before.pop() ?? this.view;
    this.#choose();
  }

  #zoom(from, to) {
    if (to - from >= LEAST_SECONDS) this.#look(between(from, to));
  }

  #lookAtInterval(event) {
    event.preventDefault();
    const { from, to } = this.interval.elements;
    to.setCustomValidity(from.value < to.value ? "" : text("结束时间须晚于开始时间"));
    if (to.reportValidity()) this.#look({ from: from.value, to: to.value });
  }

  #choose() {
    this.#mark();
    const address = new URL(location.href);
    for (const name of ["span", "from", "to", "compare"]) address.searchParams.delete(name);
    address.searchParams.set("signals", this.#chosen().map((box) => box.value).join(","));
    for (const [name, value] of Object.entries(this.view)) address.searchParams.set(name, value);
    if (this.comparison.value) address.searchParams.set("compare", this.comparison.value);
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
      box.title = box.disabled ? text("最多同时显示六条曲线") : "";
    }
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.span === this.view.span));
    this.back.disabled = this.#before.length === 0;
  }

  // Adds the machines of the same kind to what can be compared, then draws for the first time.
  async #offerMachines(compare) {
    const kind = this.comparison.dataset.kind;
    if (compare && !compare.startsWith("machine:")) this.comparison.value = compare;
    const first = compare.startsWith("machine:") ? null : this.load();
    try {
      const answer = await fetch(`/api/v1/equipment?kind=${encodeURIComponent(kind)}&sort=name&limit=${MOST_MACHINES}`);
      const { items } = await answer.json();
      for (const { id, name, gateway } of items ?? []) {
        if (id !== this.equipment) this.comparison.append(new Option(`${name} (${gateway})`, `machine:${id}`));
      }
    } catch {
      // Without the list there is nothing to compare with but earlier times.
    }
    if (first === null) {
      this.comparison.value = compare;
      this.load();
    }
  }

  async #series(equipment, query, points, signal) {
    const signals = this.#chosen().map((box) => box.value).join(",");
    const answer = await fetch(`/api/v1/equipment/${equipment}/series?signals=${signals}&${query}&points=${points}`, { signal });
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.error);
    return content;
  }

  // Gives what lies over the curves: the same machine earlier, or another one at the same time.
  async #compared(answer, points, signal) {
    const option = this.comparison.selectedOptions[0];
    if (!option?.value) return null;
    const laterSeconds = EARLIER_SECONDS[option.value] ?? 0;
    const machine = option.value.startsWith("machine:") ? Number(option.value.slice(8)) : this.equipment;
    const ends = [answer.from, answer.to].map((time) => Date.parse(time) / 1000 - laterSeconds);
    return { answer: await this.#series(machine, parameters(between(...ends)), points, signal), laterSeconds, words: option.text };
  }

  async load() {
    this.#request?.abort();
    const chosen = this.#chosen();
    if (chosen.length === 0) return this.#say("is-empty", text("请在信号表中勾选信号"));
    const request = new AbortController();
    this.#request = request;
    const points = Math.min(5000, Math.max(600, Math.round(this.clientWidth * 1.5)));
    const query = parameters(this.view);
    const signals = chosen.map((box) => box.value).join(",");
    document.querySelector(".trends .download").href = `/api/v1/equipment/${this.equipment}/series.csv?signals=${signals}&${query}`;
    if (this.#trends.length === 0) this.#say("is-loading", text("正在读取趋势"));
    try {
      const answer = await this.#series(this.equipment, query, points, request.signal);
      let compared = null;
      let isFailed = false;
      try {
        compared = await this.#compared(answer, points, request.signal);
      } catch (error) {
        if (error.name === "AbortError") throw error;
        isFailed = true; // the machine's own curves are there all the same
      }
      this.#draw(chosen, answer, points, compared);
      if (isFailed) document.querySelector(".trend-level").textContent += ` · ${text("对比数据读取失败")}`;
    } catch (error) {
      if (error.name !== "AbortError") this.#fail(error.message);
    }
    return undefined;
  }

  #draw(chosen, answer, points, compared) {
    this.level = answer.level;
    this.setAttribute("aria-busy", "false");
    const known = new Map(this.#trends.map((trend) => [trend.name, trend]));
    const onZoom = (from, to) => this.#zoom(from, to);
    this.#trends = chosen.map((box) => known.get(box.value) ?? new Trend(box, `trends-${this.equipment}`, onZoom));
    for (const [name, trend] of known) if (!chosen.some((box) => box.value === name)) trend.plot?.destroy();
    const figures = this.#trends.map((trend) => trend.figure);
    // Only what is new is put in: a figure that somebody has the focus in must not be moved.
    if (figures.length !== this.children.length || figures.some((figure, index) => this.children[index] !== figure)) this.replaceChildren(...figures);
    const [from, to] = [answer.from, answer.to].map((time) => Date.parse(time) / 1000);
    for (const trend of this.#trends) trend.draw(answer, { from, to, points, compared });
    document.querySelector(".trend-level").textContent = LEVELS[answer.level] ?? "";
    if (!this.interval.contains(document.activeElement)) this.#writeInterval(from, to);
  }

  #writeInterval(...ends) {
    const written = ends.map((seconds) => `${date(seconds * 1000)}T${timeOfDay(seconds * 1000).slice(0, 5)}`);
    [this.interval.elements.from.value, this.interval.elements.to.value] = written;
  }

  #follow(rows) {
    if (this.level !== "raw" || this.view.span !== "1h") return;
    const row = rows.find((one) => one.id === this.equipment);
    if (!row || row.t === null) return;
    const timeOf = (trend) => (row.at?.[trend.name] ?? row.t) / 1000;
    // The first value ever, or after a long time.
    const isNew = (trend) => !trend.plot && (row.v[trend.name] ?? null) !== null && timeOf(trend) > trend.from;
    if (this.#trends.some(isNew)) return this.load();
    for (const trend of this.#trends) {
      if (!((row.q?.[trend.name] ?? 0) >= 128)) trend.append(timeOf(trend), row.v[trend.name]);
    }
    return undefined;
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
    const line = this.#say("is-error", `${text("趋势读取失败")}: ${message} `);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = text("重试");
    button.addEventListener("click", () => this.load());
    line.append(button);
  }
}

customElements.define("signal-trends", SignalTrends);

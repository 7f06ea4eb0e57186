// A machine on a page: values, gauges, quality and age of whatever signals its markup names.

import { age, number, text } from "./format.js";
import { stream } from "./stream.js";

const STALE_MILLISECONDS = Number(document.body.dataset.staleSeconds) * 1000;
const UNCERTAIN = 64;
const BAD = 128;
// Shape and word stand beside the colour, the outermost limit first.
const LIMITS = [
  ["high_high", (value, limit) => value > limit, "\u25b2\u25b2", text("过高")],
  ["high", (value, limit) => value > limit, "\u25b2", text("高报")],
  ["low_low", (value, limit) => value < limit, "\u25bc\u25bc", text("过低")],
  ["low", (value, limit) => value < limit, "\u25bc", text("低报")],
];
const BAD_REASONS = {
  129: text("配置错误"),
  130: text("未连接"),
  131: text("设备故障"),
  132: text("传感器故障"),
  133: text("通信中断"),
  134: text("无此数据"),
  135: text("设备拒绝"),
  136: text("停用"),
};

function qualityText(quality) {
  if (quality < UNCERTAIN) return text("良好");
  if (quality < BAD) return text("存疑");
  return BAD_REASONS[quality] ?? text("坏值");
}

class LiveValue extends HTMLElement {
  connectedCallback() {
    this.signal = this.getAttribute("signal");
    this.type = this.getAttribute("type");
    this.decimals = Number(this.getAttribute("decimals"));
    this.normal = JSON.parse(this.getAttribute("normal") ?? "null");
    this.alarms = JSON.parse(this.getAttribute("alarms") ?? "{}");
    this.states = JSON.parse(this.getAttribute("states") ?? "{}");
    this.appliesIn = JSON.parse(this.getAttribute("applies-in") ?? "null");
    this.number = this.querySelector(".number");
    this.flag = document.createElement("span");
    this.flag.className = "flag";
  }

  show(value, quality, state) {
    this.number.textContent = this.#shown(value);
    const [level, symbol, word] = this.#judge(value, quality, state);
    this.className = level;
    if (!level) return this.flag.remove();
    this.flag.textContent = `${symbol} ${word}`;
    return this.flag.isConnected || this.append(this.flag);
  }

  #shown(value) {
    if (value === null || value === undefined) return "\u2014";
    if (typeof value === "string") return value;
    if (this.type === "enum") return this.states[value] ?? text("代码 {n}", { n: value });
    if (this.type === "boolean") return value ? text("是") : text("否");
    return number(value, this.decimals);
  }

  #judge(value, quality, state) {
    if (quality >= BAD) return ["is-bad", "\u2715", qualityText(quality)];
    if (quality >= UNCERTAIN) return ["is-uncertain", "?", qualityText(quality)];
    if (typeof value !== "number") return [""];
    // A cold boiler has no pressure to be low; a machine that never told its state may be in any, as for its alarms.
    if (this.appliesIn && typeof state === "number" && !this.appliesIn.includes(state)) return [""];
    for (const [name, beyond, symbol, word] of LIMITS) {
      if (name in this.alarms && beyond(value, this.alarms[name])) return ["is-alarm", symbol, word];
    }
    if (this.normal && value > this.normal[1]) return ["is-off-normal", "\u25b3", text("偏高")];
    if (this.normal && value < this.normal[0]) return ["is-off-normal", "\u25bd", text("偏低")];
    return [""];
  }
}

class LiveMachine extends HTMLElement {
  time = null;
  #heard = false;
  #times = new Map();
  #state = null;

  connectedCallback() {
    this.id_ = Number(this.getAttribute("equipment"));
    this.condition = this.querySelector(".condition");
    machines.set(this.id_, this);
    this.tick();
  }

  take(row) {
    this.#heard = true;
    this.time = row.t;
    const stateSignal = this.getAttribute("state-signal");
    if (stateSignal in row.v) this.#state = row.v[stateSignal];
    for (const [signal, value] of Object.entries(row.v)) {
      this.#times.set(signal, row.at?.[signal] ?? row.t);
      const quality = row.q?.[signal] ?? 0;
      for (const element of this.querySelectorAll(`live-value[signal="${signal}"]`)) element.show(value, quality, this.#state);
      const gauge = this.querySelector(`[data-gauge="${signal}"]`);
      if (gauge) this.#point(gauge, value);
      const cell = this.querySelector(`[data-quality="${signal}"]`);
      if (cell) {
        cell.textContent = qualityText(quality);
        cell.classList.toggle("is-bad", quality >= UNCERTAIN);
      }
    }
    if (row.t !== null) {
      for (const element of this.querySelectorAll("live-value")) {
        if (!this.#times.has(element.signal)) element.show(null, 0);
      }
    }
    this.tick();
  }

  tick() {
    const now = stream.now();
    const isStale = this.time !== null && (stream.status === "lost" || now - this.time > STALE_MILLISECONDS);
    const isOffline = stream.gateways[this.getAttribute("gateway")] === false;
    this.classList.toggle("is-loading", !this.#heard);
    this.classList.toggle("is-empty", this.#heard && this.time === null);
    this.classList.toggle("is-stale", isStale);
    this.setAttribute("aria-busy", String(!this.#heard));
    const words = [];
    if (isOffline) words.push(`\u2715 ${text("网关离线")}`);
    if (!this.#heard) words.push(text("正在读取"));
    else if (this.time === null) words.push(text("尚无数据"));
    else words.push(`${isStale ? `\u25f7 ${text("数据过期")}` : text("实时")} \u00b7 ${age(now - this.time)}`);
    const shown = words.join(" \u00b7 ");
    if (this.condition.textContent !== shown) this.condition.textContent = shown;
    for (const cell of this.querySelectorAll("[data-age]")) {
      const time = this.#times.get(cell.dataset.age);
      const words_ = time === undefined || time === null ? "" : age(now - time);
      if (cell.textContent !== words_) cell.textContent = words_;
    }
  }

  #point(gauge, value) {
    const mark = gauge.querySelector(".gauge-mark");
    mark.setAttribute("visibility", typeof value === "number" ? "visible" : "hidden");
    if (typeof value !== "number") return;
    const { low, high } = gauge.dataset;
    const x = Math.min(99.5, Math.max(0.5, ((value - low) / (high - low)) * 100)).toFixed(2);
    mark.setAttribute("x1", x);
    mark.setAttribute("x2", x);
  }
}

const machines = new Map();
customElements.define("live-value", LiveValue); // first: a machine shows values as soon as it is there
customElements.define("live-machine", LiveMachine);
stream.addEventListener("update", ({ detail }) => {
  for (const row of detail.rows) machines.get(row.id)?.take(row);
});
stream.addEventListener("status", () => machines.forEach((machine) => machine.tick()));
setInterval(() => machines.forEach((machine) => machine.tick()), 1000);

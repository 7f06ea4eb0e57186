// One signal over time: its curve with the band of extremes, normal range and alarm limits, perhaps another curve to compare.

import { date, number, text, timeOfDay, timeZone } from "/static/format.js";
import { curve, lonely, shortened } from "./trend_data.js";
import { TrendTable } from "./trend_table.js";

const PLOT_PIXELS = 132;
const LEAST_DRAG_PIXELS = 8;
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(`--${name}`).trim();
const font = `11px ${style.getPropertyValue("--font")}`;
const LIMIT_NAMES = { high_high: text("过高"), high: text("高报"), low: text("低报"), low_low: text("过低") };

export class Trend {
  constructor(box, sync, onZoom) {
    Object.assign(this, box.dataset);
    this.name = box.value;
    this.decimals = Number(box.dataset.decimals);
    this.normal = JSON.parse(box.dataset.normal ?? "null");
    this.alarms = JSON.parse(box.dataset.alarms ?? "{}");
    this.states = JSON.parse(box.dataset.states ?? "null");
    this.isStepped = this.type !== "real" && this.type !== "double";
    this.sync = sync;
    this.onZoom = onZoom;
    this.figure = document.createElement("figure");
    this.figure.className = "trend";
    const caption = document.createElement("figcaption");
    const [title, unit, note, readout] = ["strong", "span", "span", "span"].map((tag) => document.createElement(tag));
    title.textContent = this.label;
    unit.className = "unit";
    unit.textContent = this.unit;
    note.className = "compared";
    readout.className = "readout";
    [this.note, this.readout] = [note, readout];
    caption.append(title, unit, note, readout);
    this.place = document.createElement("div");
    this.place.className = "plot";
    this.place.tabIndex = 0;
    this.place.setAttribute("role", "img");
    this.place.setAttribute("aria-label", this.label);
    this.place.addEventListener("keydown", (event) => this.#step(event));
    this.place.addEventListener("focus", () => readout.setAttribute("aria-live", "polite"));
    this.place.addEventListener("blur", () => this.#leave());
    this.table = new TrendTable(this.label);
    this.figure.append(caption, this.place, this.table.details);
  }

  shown(value) {
    if (value === null || value === undefined) return "\u2014";
    if (this.states) return this.states[value] ?? text("代码 {n}", { n: value });
    if (this.type === "boolean") return value ? text("是") : text("否");
    return number(value, this.decimals);
  }

  // Draws an answer of the API from a second to another; `compared` is { answer, laterSeconds, words } or null.
  draw(answer, { from, to, points, compared }) {
    const own = curve(answer, this.name, this.isStepped, to - from, points);
    const other = compared && curve(compared.answer, this.name, this.isStepped, to - from, points, compared.laterSeconds);
    Object.assign(this, { from, to, hasOther: Boolean(other?.count), limitSeconds: own.limitSeconds, hasBand: own.data.length > 2 });
    const { hasOther } = this;
    const said = compared ? text("对比的时段没有数据") : "";
    this.note.textContent = hasOther ? text("虚线：{what}", { what: compared.words }) : said;
    this.data = hasOther ? uPlot.join([own.data, [other.data[0], other.data[1]]]) : own.data;
    const isEmpty = own.count === 0 && !hasOther;
    this.figure.classList.toggle("is-empty", isEmpty);
    this.plot?.destroy();
    this.plot = null;
    this.place.textContent = isEmpty ? text("这段时间没有数据") : "";
    const titles = [this.unit ? `${this.label} (${this.unit})` : this.label];
    if (this.hasBand) titles.push(text("最大"), text("最小"));
    if (hasOther) titles.push(compared.words);
    this.table.show(titles, this.data, (value) => this.shown(value));
    if (isEmpty) {
      this.readout.textContent = "";
      this.place.setAttribute("aria-label", `${this.label}: ${this.place.textContent}`);
      return;
    }
    this.plot = new uPlot(this.#options(), this.data, this.place);
    this.summarise();
  }

  append(time, value) {
    if (!this.plot || value === null || value === undefined) return;
    const times = this.data[0];
    const last = this.data[1].findLastIndex((known) => (known ?? null) !== null);
    if (time <= times.at(-1) || time <= times[last]) return;
    const push = (at, own) => {
      times.push(at);
      this.data.slice(1).forEach((column, index) => column.push(index === 0 ? own : undefined));
    };
    if (last >= 0 && time - times[last] > this.limitSeconds) push(times.at(-1) + 0.001, null);
    push(time, value);
    const span = this.to - this.from;
    this.to = Math.max(this.to, time);
    this.from = this.to - span;
    while (times[0] < this.from) this.data.forEach((column) => column.shift());
    this.plot.setData(this.data);
    this.summarise();
  }

  summarise() {
    const index = this.plot.cursor.idx;
    if (index !== null && index !== undefined) {
      const time = this.data[0][index] * 1000;
      const long = this.to - this.from > 86400 ? `${date(time)} ` : "";
      const other = this.hasOther ? `  (${this.shown(this.#valueAt(this.data.at(-1), index))})` : "";
      this.readout.textContent = `${long}${timeOfDay(time)}  ${this.shown(this.#valueAt(this.data[1], index))}${other}`;
      return;
    }
    const present = (column) => column.filter((value) => (value ?? null) !== null);
    const values = present(this.data[1]);
    if (values.length === 0) {
      this.readout.textContent = "";
    } else if (this.isStepped) {
      this.readout.textContent = this.shown(values.at(-1));
    } else {
      const [highest, lowest] = this.hasBand ? [present(this.data[2]), present(this.data[3])] : [values, values];
      const least = lowest.reduce((low, value) => Math.min(low, value));
      const most = highest.reduce((high, value) => Math.max(high, value));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const parts = [[text("最小"), least], [text("平均"), mean], [text("最大"), most]];
      this.readout.textContent = parts.map(([word, value]) => `${word} ${this.shown(value)}`).join("   ");
    }
    this.place.setAttribute("aria-label", `${this.label} ${this.unit}: ${this.readout.textContent}`);
  }

  resize() {
    this.plot?.setSize({ width: this.place.clientWidth, height: PLOT_PIXELS });
  }

  // At an instant of the other curve, this one still has the value of its last sample.
  #valueAt(column, index) {
    while (index >= 0 && column[index] === undefined) index -= 1;
    return column[index] ?? null;
  }

  // Arrow keys walk along the curve, as the pointer does.
  #step(event) {
    const ways = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };
    if (!this.plot || !(event.key in ways)) return;
    event.preventDefault();
    const last = this.data[0].length - 1;
    const index = Math.min(last, Math.max(0, (this.plot.cursor.idx ?? last + 1) + ways[event.key]));
    this.plot.setCursor({ left: this.plot.valToPos(this.data[0][index], "x"), top: 0 });
  }

  #leave() {
    this.readout.removeAttribute("aria-live");
    this.plot?.setCursor({ left: -10, top: -10 });
  }

  #options() {
    const line = colour("ink-plot");
    const axis = { stroke: colour("ink-quiet"), font, grid: { stroke: colour("line-plot"), width: 1 }, ticks: { show: false } };
    const dots = { show: true, size: 4, fill: line, stroke: line, filter: lonely };
    const paths = this.isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
    const series = [{}, { stroke: line, width: 1.5, points: dots, spanGaps: false, paths }];
    if (this.hasBand) {
      const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
      series.push(edge, edge);
    }
    if (this.hasOther) series.push({ stroke: colour("ink-quiet"), width: 1.25, dash: [5, 4], points: { show: false }, spanGaps: false, paths });
    return {
      width: this.place.clientWidth,
      height: PLOT_PIXELS,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: {
        // The curves share their cursor; a stretch that is dragged out on one of them is told once.
        sync: { key: this.sync, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
        points: { size: 6 },
        drag: { x: true, y: false, setScale: false },
        y: false,
      },
      scales: { x: { range: () => [this.from, this.to] }, y: { range: (_, low, high) => this.#range(low, high) } },
      series,
      bands: this.hasBand ? [{ series: [2, 3], fill: colour("band-plot") }] : [],
      axes: [{ ...axis, size: 26, space: 70, values: this.#times() }, { ...axis, size: 64, space: 26, ...this.#levels() }],
      hooks: {
        drawClear: [(plot) => this.#drawNormal(plot)],
        draw: [(plot) => this.#drawLimits(plot)],
        setCursor: [() => this.summarise()],
        setSelect: [(plot) => this.#zoom(plot)],
      },
    };
  }

  #zoom(plot) {
    const { left, width } = plot.select;
    if (width < LEAST_DRAG_PIXELS) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.onZoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  }

  #times() {
    const span = this.to - this.from;
    const stamp = uPlot.fmtDate(span > 2 * 86400 ? "{MM}-{DD}" : span < 600 ? "{HH}:{mm}:{ss}" : "{HH}:{mm}");
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

  // Alarm limits within what is shown, each with its word.
  #drawLimits(plot) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour("alarm");
    ctx.fillStyle = colour("alarm");
    ctx.font = `${11 * devicePixelRatio}px ${style.getPropertyValue("--font")}`;
    ctx.textAlign = "right";
    ctx.setLineDash([7, 4]);
    for (const [name, limit] of Object.entries(this.alarms)) {
      const y = plot.valToPos(limit, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillText(`${LIMIT_NAMES[name]} ${this.shown(limit)}`, bbox.left + bbox.width - 4, y - 3);
    }
    ctx.restore();
  }
}

// The numbers of a trend as a table, made when somebody opens it.

import { date, text, timeOfDay } from "/static/format.js";

const MOST_ROWS = 300;

function cell(tag, words, scope) {
  const made = document.createElement(tag);
  made.textContent = words;
  if (scope) made.scope = scope;
  return made;
}

export class TrendTable {
  constructor(label) {
    this.details = document.createElement("details");
    this.details.className = "numbers";
    this.details.append(cell("summary", text("看数字")));
    this.region = document.createElement("div");
    this.region.className = "scroll";
    this.region.tabIndex = 0;
    this.region.setAttribute("role", "region");
    this.region.setAttribute("aria-label", text("{title}的数字", { title: label }));
    this.details.append(this.region);
    this.details.addEventListener("toggle", () => this.#fill());
  }

  // Takes titles of the columns, the columns with the times first, and how a value is written.
  show(titles, data, shown) {
    Object.assign(this, { titles, data, shown });
    this.#fill();
  }

  #fill() {
    if (!this.details.open || !this.data) return;
    const [times, ...columns] = this.data;
    const indexes = [...times.keys()].filter((index) => columns.some((values) => (values[index] ?? null) !== null));
    const step = Math.ceil(indexes.length / MOST_ROWS) || 1;
    const table = document.createElement("table");
    const head = document.createElement("tr");
    head.append(...[text("时间"), ...this.titles].map((title) => cell("th", title, "col")));
    const rows = indexes.filter((_, nth) => nth % step === 0).map((index) => {
      const row = document.createElement("tr");
      const time = times[index] * 1000;
      row.append(cell("th", `${date(time)} ${timeOfDay(time)}`, "row"));
      row.append(...columns.map((values) => cell("td", (values[index] ?? null) === null ? "" : this.shown(values[index]))));
      return row;
    });
    table.createTHead().append(head);
    table.createTBody().append(...rows);
    this.region.replaceChildren(table);
    if (step > 1) this.region.append(cell("p", text("每 {n} 行取一行；全部数据请下载表格。", { n: step })));
  }
}

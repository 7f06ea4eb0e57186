// The big screen: how old its figures are, whether the server answers, and the time of day.

import { age, date, text, timeOfDay } from "/static/format.js";

const EVERY_MILLISECONDS = 1000;
const RETRY_MILLISECONDS = 4000;
const link = document.getElementById("link");
const clock = document.getElementById("clock");
const figures = document.getElementById("figures");
let failedAt = null;
let heardAt = null;

function say() {
  const now = Date.now();
  clock.textContent = `${date(now)} ${timeOfDay(now)}`;
  const madeAt = Number(figures.querySelector("[data-made-at]")?.dataset.madeAt);
  const words = madeAt ? text("数字统计于 {age}", { age: age(now - madeAt) }) : "";
  link.classList.toggle("is-lost", failedAt !== null);
  if (failedAt !== null) {
    link.textContent = `${text("连接中断，正在自动重试")}${words ? ` · ${words}` : ""}`;
  } else if (heardAt !== null) {
    link.textContent = words || text("已连接");
  }
}

document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) {
    failedAt = null;
    heardAt = Date.now();
  } else {
    failedAt ??= Date.now();
    setTimeout(() => figures.dispatchEvent(new CustomEvent("again")), RETRY_MILLISECONDS);
  }
  say();
});
setInterval(say, EVERY_MILLISECONDS);
say();

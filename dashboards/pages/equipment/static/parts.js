// The parts of the page that the server draws: what failed to load says so, and alarms are read again when they change.

import { text } from "/static/format.js";
import { stream } from "/static/stream.js";

const SOONEST_MILLISECONDS = 3000;
const alarms = document.querySelector("#alarms .part-body");
let timer = null;
let version = null;
let opened = [];

function fail({ detail }) {
  const body = detail.target;
  if (!body.matches?.(".part-body") || !body.querySelector(".part-loading")) return; // what was there before is kept
  const line = document.createElement("p");
  line.className = "part-failed";
  line.textContent = `\u25a0 ${text("这一部分读取失败")} `;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = text("重试");
  button.addEventListener("click", () => {
    line.className = "part-loading";
    line.textContent = text("正在读取");
    body.dispatchEvent(new CustomEvent("retry"));
  });
  line.append(button);
  body.querySelector(".part-loading").replaceWith(line);
}

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.body.addEventListener(name, fail);

// A form with a mistake comes back with a sentence at its field; a whole page is an answer for people without scripts.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.target.matches?.(".part-body")) return;
  if (detail.xhr.status === 422 && !detail.serverResponse.startsWith("<!doctype")) Object.assign(detail, { shouldSwap: true, isError: false });
  opened = detail.target === alarms ? [...alarms.querySelectorAll("details[open]")].map((details) => details.id) : [];
});
document.body.addEventListener("htmx:afterSwap", () => {
  for (const id of opened.splice(0)) document.getElementById(id)?.setAttribute("open", "");
});

function refreshSoon() {
  timer ??= setTimeout(() => {
    timer = null;
    alarms.dispatchEvent(new CustomEvent("alarms-changed"));
  }, SOONEST_MILLISECONDS);
}

stream.addEventListener("alarms", ({ detail }) => {
  if (version !== null && detail.version !== version) refreshSoon();
  version = detail.version;
});
stream.addEventListener("resync", refreshSoon);

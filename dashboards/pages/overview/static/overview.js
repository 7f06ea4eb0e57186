// Machines that come or go while the page is open, and a summary that follows time and alarms.

import { stream } from "/static/stream.js";

const EVERY_MILLISECONDS = 10000;

const shownTotal = Number(document.body.dataset.total);
const waiting = document.querySelector(".blank.is-loading, .blank.is-error");
const update = document.querySelector(".update-list");
let refreshedAt = performance.now();
update.querySelector("a").href = location.href;

stream.addEventListener("update", ({ detail }) => {
  if (detail.machines === shownTotal && !(waiting && detail.database)) return;
  if (shownTotal === 0) location.reload(); // nothing to lose sight of
  else update.hidden = false;
});

function refresh(soonestMilliseconds) {
  const summary = document.getElementById("summary");
  const now = performance.now();
  if (document.hidden || now - refreshedAt < soonestMilliseconds || summary.contains(document.activeElement)) return;
  refreshedAt = now;
  window.htmx.trigger(summary, "refresh");
}

setInterval(() => refresh(EVERY_MILLISECONDS), 1000);
stream.addEventListener("alarms", () => refresh(5000));

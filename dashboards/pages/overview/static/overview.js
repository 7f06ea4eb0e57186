// Machines that come or go while the page is open.

import { stream } from "/static/stream.js";

const shownTotal = Number(document.body.dataset.total);
const waiting = document.querySelector(".blank.is-loading, .blank.is-error");
const update = document.querySelector(".update-list");
update.querySelector("a").href = location.href;

stream.addEventListener("update", ({ detail }) => {
  if (detail.machines === shownTotal && !(waiting && detail.database)) return;
  if (shownTotal === 0) location.reload(); // nothing to lose sight of
  else update.hidden = false;
});

// The alarm list: refreshed when the stream tells of a change, and the dialog in which an act is asked for.

import { stream } from "/static/stream.js";

const SOONEST_MILLISECONDS = 1000;
const dialog = document.getElementById("act-dialog");
const body = document.getElementById("act-body");
let refreshedAt = 0;
let timer = null;
let kept = null;

function list() {
  return document.getElementById("alarm-list");
}

function refreshSoon() {
  if (timer !== null) return;
  timer = setTimeout(refresh, Math.max(0, refreshedAt + SOONEST_MILLISECONDS - performance.now()));
}

function refresh() {
  timer = null;
  if (dialog.open) return; // its closing refreshes: what somebody is reading must not move
  refreshedAt = performance.now();
  list().dispatchEvent(new CustomEvent("alarms-changed"));
}

stream.addEventListener("alarms", ({ detail }) => {
  if (detail.version !== Number(list().dataset.version)) refreshSoon();
});
stream.addEventListener("resync", refreshSoon);

// Focus, selection and opened rows outlive the exchange of the list.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "alarm-list") return;
  const old = list();
  kept = {
    focus: old.contains(document.activeElement) ? document.activeElement.id : "",
    ticked: [...old.querySelectorAll("input:checked")].map((input) => input.id),
    opened: [...old.querySelectorAll("details[open]")].map((details) => details.id),
    scroll: old.querySelector(".scroll")?.scrollLeft ?? 0,
  };
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (kept && (detail.target.id === "alarm-list" || detail.elt.id === "alarm-list")) {
    for (const id of kept.ticked) if (document.getElementById(id)) document.getElementById(id).checked = true;
    for (const id of kept.opened) if (document.getElementById(id)) document.getElementById(id).open = true;
    if (kept.focus) document.getElementById(kept.focus)?.focus({ preventScroll: true });
    const scroll = list().querySelector(".scroll");
    if (scroll) scroll.scrollLeft = kept.scroll;
    kept = null;
  }
  if (body.contains(detail.target) || detail.target === body) {
    if (!dialog.open) dialog.showModal();
    body.querySelector("[autofocus]")?.focus();
  }
});

document.addEventListener("alarms-acted", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target !== dialog && !event.target.closest("[data-close]")) return;
  event.preventDefault();
  dialog.close();
});
dialog.addEventListener("close", () => {
  body.replaceChildren();
  refreshSoon();
});

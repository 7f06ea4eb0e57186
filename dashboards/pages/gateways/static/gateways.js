// The page follows time: it is fetched again now and then, but not under the hands of somebody who is in it.

const EVERY_MILLISECONDS = 5000;

setInterval(() => {
  const shown = document.getElementById("gateways");
  if (document.hidden || shown.contains(document.activeElement) || document.getSelection()?.type === "Range") return;
  window.htmx.trigger(shown, "refresh");
}, EVERY_MILLISECONDS);

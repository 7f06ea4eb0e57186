// The search in the table of signals: rows that do not match are hidden, groups with a match are opened.

const search = document.getElementById("signal-search");
const none = document.querySelector(".no-signal");
const rows = [...document.querySelectorAll("table.signals tbody tr")];
const groups = [...document.querySelectorAll("details.signal-group")];

function searched(row) {
  return `${row.querySelector("th").textContent} ${row.dataset.signal}`.toLowerCase();
}

search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase();
  let count = 0;
  for (const row of rows) {
    row.hidden = !searched(row).includes(wanted);
    if (!row.hidden) count += 1;
  }
  for (const group of groups) {
    const hasMatch = group.querySelector("tbody tr:not([hidden])") !== null;
    group.hidden = !hasMatch;
    group.open = wanted !== "" && hasMatch;
  }
  none.hidden = count > 0;
});

// The list follows time: it is fetched again now and then, but not under the hands of somebody who is in it.

const EVERY_MILLISECONDS = 5000;

setInterval(() => {
  const list = document.getElementById("list");
  if (document.hidden || list.contains(document.activeElement) || document.getSelection()?.type === "Range") return;
  window.htmx.trigger(list, "refresh");
}, EVERY_MILLISECONDS);

// The search field is outside the list and keeps what is in its address: filters chosen in the list come along.
document.body.addEventListener("htmx:afterSwap", () => {
  const form = document.querySelector("form.filters");
  const asked = new URL(location.href).searchParams;
  for (const name of ["kind", "gateway", "condition", "sort"]) {
    let field = form.querySelector(`input[type="hidden"][name="${name}"]`);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    field.value = asked.get(name) ?? (name === "sort" ? "kind" : "");
  }
});

// Sentences below the header, one per name; they stay until what they tell of is over.

const place = document.getElementById("notices");

export function notice(name, message) {
  const shown = place.querySelector(`[data-notice="${name}"]`);
  if (!message) return shown?.remove();
  const line = shown ?? document.createElement("p");
  line.className = "notice";
  line.dataset.notice = name;
  if (line.textContent !== message) line.textContent = message;
  return line.isConnected || place.append(line);
}

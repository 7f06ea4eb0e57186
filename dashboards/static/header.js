// The header's lamp and clock, and the notices below it.

import { text, timeOfDay } from "./format.js";
import { stream } from "./stream.js";

const notices = document.getElementById("notices");

function notice(name, message) {
  const shown = notices.querySelector(`[data-notice="${name}"]`);
  if (!message) return shown?.remove();
  if (shown) return undefined;
  const line = document.createElement("p");
  line.className = "notice";
  line.dataset.notice = name;
  line.textContent = message;
  return notices.append(line);
}

class ConnectionLamp extends HTMLElement {
  connectedCallback() {
    stream.addEventListener("status", () => this.#show());
    this.hidden = !document.body.dataset.stream;
    this.#show();
  }

  #show() {
    this.className = `is-${stream.status}`;
    const symbol = document.createElement("i");
    symbol.setAttribute("aria-hidden", "true");
    this.replaceChildren(symbol, text(`lamp_${stream.status}`));
    notice("stream", stream.status === "lost" && text("stream_lost"));
    notice("broker", stream.status === "broker" && text("broker_lost"));
  }
}

class DataAsOf extends HTMLElement {
  #newest = 0;

  connectedCallback() {
    stream.addEventListener("update", ({ detail }) => {
      const newest = Math.max(this.#newest, ...detail.rows.map((row) => row.t ?? 0));
      if (newest === this.#newest) return;
      this.#newest = newest;
      this.textContent = timeOfDay(newest);
    });
  }
}

document.querySelector(".as-of").hidden = !document.body.dataset.stream;
stream.addEventListener("update", ({ detail }) => notice("database", detail.database === false && text("database_lost")));
customElements.define("connection-lamp", ConnectionLamp);
customElements.define("data-as-of", DataAsOf);

// The one connection of this tab that follows the server: everything on the page listens to it by events:
// "update" (rows of machines), "alarms", "resync" (fetch your state anew) and "status".

const SILENCE_MILLISECONDS = 10000; // the server speaks every 5 s at least
const REOPEN_MILLISECONDS = 4000;

class Stream extends EventTarget {
  status = "connecting"; // then live, broker (the server has lost its broker) or lost
  gateways = {};
  #source = null;
  #heardAt = performance.now();
  #openedAt = 0;
  #serverAhead = 0;
  #wasLost = false;
  #hiddenAt = null;

  start(address) {
    this.address = address;
    this.#open();
    setInterval(() => this.#watch(), 1000);
    window.addEventListener("pagehide", () => this.#source?.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.#open());
    document.addEventListener("visibilitychange", () => this.#look());
  }

  now() {
    // The server's clock: a wrong clock of this computer must not make values look old or new.
    return Date.now() + this.#serverAhead;
  }

  #open() {
    this.#source?.close();
    this.#openedAt = performance.now();
    this.#source = new EventSource(this.address);
    this.#source.addEventListener("update", (event) => this.#update(JSON.parse(event.data)));
    this.#source.addEventListener("alarms", (event) => this.dispatchEvent(new CustomEvent("alarms", { detail: JSON.parse(event.data) })));
    this.#source.addEventListener("resync", () => this.dispatchEvent(new Event("resync")));
    this.#source.addEventListener("error", () => this.#become("lost"));
  }

  #update(message) {
    this.#heardAt = performance.now();
    this.#serverAhead = message.now - Date.now();
    if (message.gateways) this.gateways = message.gateways;
    this.#become(message.broker ? "live" : "broker");
    this.dispatchEvent(new CustomEvent("update", { detail: message }));
    if (this.#wasLost) {
      this.#wasLost = false;
      this.dispatchEvent(new Event("resync"));
    }
  }

  #become(status) {
    if (status === "lost") this.#wasLost = true;
    if (status === this.status) return;
    this.status = status;
    this.dispatchEvent(new Event("status"));
  }

  #watch() {
    const now = performance.now();
    if (now - this.#heardAt < SILENCE_MILLISECONDS && this.#source.readyState !== EventSource.CLOSED) return;
    this.#become("lost");
    if (now - this.#openedAt <= REOPEN_MILLISECONDS) return;
    if (this.#source.readyState === EventSource.CLOSED) this.#askWhy();
    this.#open();
  }

  // A stream that was refused does not say why: somebody whose session has ended is led to the log-in.
  async #askWhy() {
    const answer = await fetch("/api/v1/alarms/summary").catch(() => null);
    if (answer?.status === 401) location.reload();
  }

  // A browser lets a tab in the background sleep: what it slept through is fetched when somebody looks again.
  #look() {
    if (document.visibilityState === "hidden") {
      this.#hiddenAt = performance.now();
    } else if (this.#hiddenAt !== null && performance.now() - this.#hiddenAt > SILENCE_MILLISECONDS) {
      this.#wasLost = true;
      this.#open();
    }
  }
}

export const stream = new Stream();
// Once every script of the page listens: what comes first is the whole state, and it comes once.
document.addEventListener("DOMContentLoaded", () => document.body.dataset.stream && stream.start(document.body.dataset.stream));

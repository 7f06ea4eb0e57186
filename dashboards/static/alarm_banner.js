// The alarms of the whole plant in the header of every page: how many stand by priority, whether somebody has seen them, the newest.

import { text } from "./format.js";
import { PRIORITIES } from "./priority.js";
import { AlarmSound } from "./alarm_sound.js";
import { stream } from "./stream.js";

const { language } = document.body.dataset;

function element(name, className, ...content) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

class AlarmBanner extends HTMLElement {
  #sound = new AlarmSound(() => this.#showSound());
  #saidCritical = 0;

  connectedCallback() {
    this.hidden = !document.body.dataset.stream;
    this.counts = element("div", "counts");
    this.newest = element("a", "newest");
    this.newest.href = "/alarms";
    this.newest.hidden = true;
    this.flood = element("span", "flood", text("报警泛滥"));
    this.flood.hidden = true;
    this.said = element("span", "hidden-text");
    this.said.setAttribute("role", "alert");
    this.toggle = element("button", "");
    this.mute = element("button", "", text("静音 2 分钟"));
    for (const button of [this.toggle, this.mute]) button.type = "button";
    this.toggle.addEventListener("click", () => this.#sound.toggle());
    this.mute.addEventListener("click", () => this.#sound.mute());
    this.counts.append(text("报警：正在读取"));
    this.append(this.counts, this.flood, this.newest, this.said, element("div", "sounds", this.mute, this.toggle));
    this.#showSound();
    stream.addEventListener("alarms", ({ detail }) => this.#show(detail));
  }

  #show({ active, unacknowledged, newest, flood, shelved }) {
    const links = PRIORITIES.map((priority) => this.#count(priority, active[priority.name], unacknowledged[priority.name]));
    const total = Object.values(unacknowledged).reduce((sum, count) => sum + count, 0);
    const waiting = element("a", total ? "is-standing" : "", text("未确认 {n}", { n: total }));
    waiting.href = "/alarms?state=unacknowledged&state=returned";
    const put = element("a", "", text("已搁置 {n}", { n: shelved }));
    put.href = "/alarms?view=shelved";
    const focused = [...this.counts.children].indexOf(document.activeElement);
    this.counts.replaceChildren(...links, waiting, put);
    this.counts.children[focused]?.focus();
    this.flood.hidden = !flood;
    this.newest.hidden = !newest;
    this.newest.textContent = newest ? `${newest.title[language]} \u00b7 ${newest.machine}` : "";
    this.#call(unacknowledged.critical);
  }

  #count({ name, shape, letter, word }, active, unacknowledged) {
    const symbol = element("span", "shape", shape);
    const short = element("span", "letter", letter);
    for (const part of [symbol, short]) part.setAttribute("aria-hidden", "true");
    const link = element("a", `is-${name}`, symbol, short, ` ${word} ${active}`);
    link.href = `/alarms?priority=${name}`;
    link.classList.toggle("is-standing", active + unacknowledged > 0);
    link.classList.toggle("is-unacknowledged", unacknowledged > 0);
    link.title = text("{active} 条未恢复，{unacknowledged} 条未确认", { active, unacknowledged });
    return link;
  }

  // Only the top priority interrupts whoever listens to the page.
  #call(critical) {
    if (critical > this.#saidCritical) this.said.textContent = text("有 {n} 条紧急报警未确认", { n: critical });
    else if (critical === 0) this.said.textContent = "";
    this.#saidCritical = critical;
    this.#sound.call(critical > 0);
  }

  #showSound() {
    this.toggle.setAttribute("aria-pressed", String(this.#sound.isOn));
    this.toggle.textContent = this.#sound.isOn ? text("声音：开") : text("声音：关");
    this.mute.hidden = !this.#sound.isSounding;
  }
}

customElements.define("alarm-banner", AlarmBanner);

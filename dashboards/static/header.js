// The header's lamp and clock, the notices below it, and its menus.

import { text, timeOfDay } from "./format.js";
import { notice } from "./notices.js";
import { stream } from "./stream.js";

const LAMP = {
  connecting: text("正在连接"),
  live: text("已连接"),
  broker: text("消息服务中断"),
  lost: text("连接中断"),
};

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
    this.replaceChildren(symbol, LAMP[stream.status]);
    document.body.classList.toggle("is-stale", stream.status === "lost");
    notice("stream", stream.status === "lost" && text("与服务器的连接已中断，画面停留在最后收到的数据，正在自动重连。"));
    notice("broker", stream.status === "broker" && text("消息服务中断：数值来自数据库，每隔几秒更新一次。"));
  }
}

// The newest time of the machines that the page follows; a page that follows none tells when its content came.
class DataAsOf extends HTMLElement {
  #newest = 0;

  connectedCallback() {
    const followsMachines = !document.body.dataset.stream?.endsWith("equipment=0");
    stream.addEventListener("update", ({ detail }) => {
      if (followsMachines) this.#show(Math.max(...detail.rows.map((row) => row.t ?? 0)));
      else if (!this.#newest) this.#show(detail.now);
    });
    if (!followsMachines) document.body.addEventListener("htmx:afterSwap", () => this.#show(stream.now()));
  }

  #show(time) {
    if (!(time > this.#newest)) return;
    this.#newest = time;
    this.textContent = timeOfDay(time);
  }
}

document.querySelector(".as-of").hidden = !document.body.dataset.stream;
stream.addEventListener("update", ({ detail }) => {
  notice("database", detail.database === false && text("数据库暂不可用：实时数值照常显示，历史趋势和设备列表可能不是最新。"));
});
customElements.define("connection-lamp", ConnectionLamp);
customElements.define("data-as-of", DataAsOf);

const menus = [...document.querySelectorAll("details.menu")];
document.addEventListener("click", ({ target }) => {
  for (const menu of menus) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => {
  const open = menus.find((menu) => menu.open);
  if (key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

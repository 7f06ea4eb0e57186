// What htmx leaves silent is said: an answer that is an error, and none at all; and a part of the page that loads is marked busy.
// What was typed before htmx was there, or was kept by the browser over a reload, is searched for.

import { text } from "./format.js";
import { notice } from "./notices.js";

const REASONS = {
  403: text("您的角色不能做这件事。需要时请联系管理员。"),
  404: text("这一项已经不存在，请刷新页面。"),
  409: text("这一项刚被别人改动过，请刷新页面后再试。"),
  429: text("请求过于频繁，请稍等片刻再试。"),
  503: text("暂时无法显示：数据库没有应答，请稍后再试。"),
};

function reason({ status, responseText }) {
  if (REASONS[status]) return REASONS[status];
  if (status >= 500) return text("服务器出错，已记入日志。");
  let said = "";
  try {
    said = JSON.parse(responseText).error ?? "";
  } catch {
    // A page tells its error itself, and is not shown here.
  }
  return text("请求无法处理，没有改动任何数据。{reason}", { reason: said });
}

document.body.addEventListener("htmx:beforeRequest", ({ detail }) => detail.target.setAttribute("aria-busy", "true"));
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  detail.target.removeAttribute("aria-busy");
  if (detail.successful) notice("request", "");
});
document.body.addEventListener("htmx:responseError", ({ detail }) => notice("request", reason(detail.xhr)));
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, () => notice("request", text("服务器没有应答，请检查网络后再试。")));
}

function searchForWhatStands() {
  for (const box of document.querySelectorAll("input[type=search]")) {
    if (box.value !== box.defaultValue) box.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

document.body.addEventListener("htmx:load", searchForWhatStands, { once: true });

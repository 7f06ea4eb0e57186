// Texts, numbers and times as this page's reader has them.

const { language, timeZone } = document.body.dataset;
const texts = JSON.parse(document.getElementById("texts").textContent);
const locale = language === "zh" ? "zh-CN" : "en-GB";
const numberFormats = new Map();
const clock = new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });

// The Chinese text in this page's language; scripts/texts finds it only when it is written out in the call.
export function text(chinese, values = {}) {
  return (texts[chinese] ?? chinese).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function number(value, decimals) {
  if (!numberFormats.has(decimals)) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    numberFormats.set(decimals, new Intl.NumberFormat(locale, digits));
  }
  const shown = numberFormats.get(decimals).format(value);
  return /[1-9]/.test(shown) ? shown.replace("-", "\u2212") : shown.replace("-", ""); // no "-0.00"
}

export function age(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 2) return text("刚刚");
  if (seconds < 120) return text("{n} 秒前", { n: seconds });
  if (seconds < 7200) return text("{n} 分钟前", { n: Math.floor(seconds / 60) });
  if (seconds < 172800) return text("{n} 小时前", { n: Math.floor(seconds / 3600) });
  return text("{n} 天前", { n: Math.floor(seconds / 86400) });
}

export function timeOfDay(milliseconds) {
  return clock.format(milliseconds);
}

export function date(milliseconds) {
  return day.format(milliseconds);
}

export { timeZone };

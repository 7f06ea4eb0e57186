// Texts, numbers and times as this page's reader has them.

const { language, timeZone } = document.body.dataset;
const texts = JSON.parse(document.getElementById("texts").textContent);
const locale = language === "zh" ? "zh-CN" : "en-GB";
const numberFormats = new Map();
const clock = new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });

export function text(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function hasText(key) {
  return key in texts;
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
  if (seconds < 2) return text("age_now");
  if (seconds < 120) return text("age_seconds", { n: seconds });
  if (seconds < 7200) return text("age_minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 172800) return text("age_hours", { n: Math.floor(seconds / 3600) });
  return text("age_days", { n: Math.floor(seconds / 86400) });
}

export function timeOfDay(milliseconds) {
  return clock.format(milliseconds);
}

export function date(milliseconds) {
  return day.format(milliseconds);
}

export { timeZone };

// Numbers and times as people read them. Times come as ISO 8601 with the city's own offset, so
// the hour is read off the text and never moved into the browser's time zone.
import { t } from "./i18n.js";

export const hhmm = (iso) => (iso ? iso.slice(11, 16) : "–");
export const hhmmss = (iso) => (iso ? iso.slice(11, 19) : "–");
export const millis = (iso) => Date.parse(iso);

const OFFSET = /([+-])(\d\d):(\d\d)$/;

/** City time in milliseconds as ISO text in the offset of `like`. */
export function isoLike(ms, like) {
  const match = OFFSET.exec(like ?? "");
  const minutes = match ? (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : 0;
  return new Date(ms + minutes * 60_000).toISOString().slice(0, 23) + (match ? match[0] : "Z");
}

export function percent(share, digits = 0) {
  return share == null ? "–" : `${(share * 100).toFixed(digits)} %`;
}

/** How long ago, in words. */
export function age(fromMs, nowMs) {
  const minutes = Math.max(0, Math.floor((nowMs - fromMs) / 60_000));
  if (minutes < 1) return t("just_now");
  if (minutes < 60) return t("minutes_ago", minutes);
  return t("hours_ago", Math.floor(minutes / 60), minutes % 60);
}

/** When something is expected, as a clock time and in minutes. */
export function expected(iso, nowMs) {
  const minutes = Math.ceil((millis(iso) - nowMs) / 60_000);
  return minutes > 0 ? `${hhmm(iso)} · ${t("in_minutes", minutes)}` : `${hhmm(iso)} · ${t("due")}`;
}

const plain = (value) => {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || Number.isInteger(value) ? 0 : size >= 1 ? 1 : 2);
};

/** A value in the unit people use for it: [number, unit]. */
export function quantity(value, unit) {
  if (value == null || Number.isNaN(value)) return ["–", ""];
  switch (unit) {
    case "m": return [(value * 100).toFixed(value < 0.1 ? 1 : 0), "cm"];
    case "m/s": return [(value * 3.6).toFixed(0), "km/h"];
    case "/": return [(value * 100).toFixed(value < 0.995 && value > 0.9 ? 1 : 0), "%"];
    case "count": case "1": return [plain(value), ""];
    case "ug/m3": return [plain(value), "µg/m³"];
    default: return [plain(value), unit];
  }
}

export function shown(value, unit) {
  const [number, name] = quantity(value, unit);
  return name ? `${number} ${name}` : number;
}

// Numbers, money and times as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function count(value) {
  if (value === null || value === undefined) return "–";
  return Math.abs(value) < 100_000 ? whole.format(value) : short.format(value);
}

export const rate = (value) => (value >= 100 ? whole.format(value) : value.toFixed(value >= 10 ? 1 : 2).replace(/\.?0+$/, "") || "0");

export function money(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0) return "−" + money(-value);
  const size = value;
  if (size === 0) return "$0";
  if (size < 0.01) return "$" + new Intl.NumberFormat("en", { maximumSignificantDigits: 2 }).format(value);
  return "$" + new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: size < 1 ? 4 : 2 }).format(value);
}

export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1) return milliseconds.toFixed(2) + " ms";
  if (milliseconds < 10) return milliseconds.toFixed(1) + " ms";
  if (milliseconds < 1000) return Math.round(milliseconds) + " ms";
  if (milliseconds < 60_000) return (milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1) + " s";
  return Math.floor(milliseconds / 60_000) + " min " + Math.round((milliseconds % 60_000) / 1000) + " s";
}

export const percent = (share, digits = 1) => (share === null || !Number.isFinite(share) ? "–" : (share * 100).toFixed(digits).replace(/\.0+$/, "")
  + " %");

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "short", day: "2-digit" });

/** The time of day where it is today, with the day where not. */
export function moment(text) {
  const at = new Date(text);
  return (at.toDateString() === new Date().toDateString() ? "" : day.format(at) + " ") + clock.format(at);
}

export function until(text) {
  const seconds = Math.round((new Date(text) - Date.now()) / 1000);
  if (seconds <= 0) return "now";
  if (seconds < 90) return `in ${seconds} s`;
  if (seconds < 5400) return `in ${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `in ${Math.round(seconds / 3600)} h`;
  return `in ${Math.round(seconds / 86_400)} days`;
}

/** The quantile of counts in buckets whose bounds double from 1 ms; null where there are none. Between bounds by share. */
export function quantile(buckets, q) {
  const total = buckets.reduce((sum, n) => sum + n, 0);
  if (!total) return null;
  let left = q * total;
  for (let at = 0; at < buckets.length; at += 1) {
    if (left <= buckets[at] && buckets[at] > 0) {
      const low = at === 0 ? 0 : 2 ** (at - 1);
      return low + (2 ** at - low) * (left / buckets[at]);
    }
    left -= buckets[at];
  }
  return 2 ** (buckets.length - 1);
}

/** `openai_responses` as words. */
export const words = (name) => (name ?? "").replaceAll("_", " ").replaceAll(".", " ");

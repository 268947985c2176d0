// Every number that a person reads goes through this file: one place for units,
// rounding and the words for "not there". Use with tabular figures.

/** A figure split for display: the value large, the unit small beside it. */
export interface Quantity {
  value: string;
  unit: string;
}

/** Stands where a figure does not exist; never a made-up zero. */
export const NONE = "–";

const none: Quantity = { value: NONE, unit: "" };
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

const known = (n: number | null | undefined): n is number => n !== null && n !== undefined && Number.isFinite(n);

/** Three significant digits, without an exponent: 0.123, 1.23, 12.3, 123, 1234. */
export function digits(n: number): string {
  const size = Math.abs(n);
  if (size === 0) return "0";
  if (size >= 99.95) return grouped.format(n);
  if (size >= 9.995) return n.toFixed(1);
  if (size >= 0.9995) return n.toFixed(2);
  return n.toFixed(3);
}

/** Whole counts with thousands apart: 1,234,567. */
export function count(n: number | null | undefined): string {
  return known(n) ? grouped.format(n) : NONE;
}

/** Counts where room is short: 999, 12.3k, 4.56M. */
export function compact(n: number | null | undefined): string {
  if (!known(n)) return NONE;
  const size = Math.abs(n);
  if (size < 10_000) return Number.isInteger(n) ? grouped.format(n) : digits(n);
  if (size < 999_500) return `${digits(n / 1e3)}k`;
  if (size < 999_500_000) return `${digits(n / 1e6)}M`;
  return `${digits(n / 1e9)}G`;
}

/** Requests a second. */
export function rateQuantity(n: number | null | undefined): Quantity {
  return known(n) ? { value: compact(n), unit: "/s" } : none;
}

/** A length of time given in milliseconds: 312 µs, 4.56 ms, 312 ms, 1.23 s, 2m 05s. */
export function msQuantity(n: number | null | undefined): Quantity {
  if (!known(n)) return none;
  if (n === 0) return { value: "0", unit: "ms" };
  if (n < 0.9995) return { value: digits(n * 1000), unit: "µs" };
  if (n < 999.5) return { value: digits(n), unit: "ms" };
  if (n < 119_995) return { value: digits(n / 1000), unit: "s" };
  return { value: duration(n / 1000), unit: "" };
}

/** Bytes in powers of 1000, as network links are sold. */
export function bytesQuantity(n: number | null | undefined): Quantity {
  if (!known(n)) return none;
  const size = Math.abs(n);
  if (size < 1000) return { value: grouped.format(n), unit: "B" };
  if (size < 999_500) return { value: digits(n / 1e3), unit: "kB" };
  if (size < 999_500_000) return { value: digits(n / 1e6), unit: "MB" };
  if (size < 999_500_000_000) return { value: digits(n / 1e9), unit: "GB" };
  return { value: digits(n / 1e12), unit: "TB" };
}

/** Bytes a second. */
export function bandwidthQuantity(n: number | null | undefined): Quantity {
  const q = bytesQuantity(n);
  return q.unit === "" ? q : { value: q.value, unit: `${q.unit}/s` };
}

/** A share of a whole: 0 %, <0.01 %, 0.12 %, 12.3 %, 100 %. */
export function shareQuantity(part: number | null | undefined, whole: number | null | undefined): Quantity {
  if (!known(part) || !known(whole) || whole === 0) return none;
  if (part === 0) return { value: "0", unit: "%" };
  const percent = (100 * part) / whole;
  if (percent < 0.01) return { value: "<0.01", unit: "%" };
  // A share short of all must not read as all.
  if (percent > 99.99 && part < whole) return { value: ">99.99", unit: "%" };
  if (percent === 100) return { value: "100", unit: "%" };
  return { value: percent < 10 ? percent.toFixed(2) : percent.toFixed(percent >= 99.95 ? 2 : 1), unit: "%" };
}

/** A figure's text without trailing zeros, for axes: 250 ms, 1.5 s, 6 MB/s. */
export function short(figure: string): string {
  return figure.replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
}

/** Joins a quantity to running text. */
export function text(q: Quantity): string {
  if (q.unit === "") return q.value;
  return q.unit.startsWith("/") ? `${q.value}${q.unit}` : `${q.value} ${q.unit}`;
}

export const rate = (n: number | null | undefined) => text(rateQuantity(n));
export const ms = (n: number | null | undefined) => text(msQuantity(n));
export const bytes = (n: number | null | undefined) => text(bytesQuantity(n));
export const bandwidth = (n: number | null | undefined) => text(bandwidthQuantity(n));
export const share = (part: number | null | undefined, whole: number | null | undefined) =>
  text(shareQuantity(part, whole));

/** A share of 1 on an axis: 0.25 is 25 %. */
export const percent = (n: number) => share(n, 1);

/** Seconds as people say them: 850 ms, 12.3s, 5m 04s, 1h 02m, 2d 03h. */
export function duration(seconds: number | null | undefined): string {
  if (!known(seconds)) return NONE;
  if (seconds < 0.9995 && seconds > 0) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return Number.isInteger(seconds) ? `${seconds}s` : `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const [d, h, m, s] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  const two = (n: number) => String(n).padStart(2, "0");
  if (d > 0) return h > 0 ? `${d}d ${two(h)}h` : `${d}d`;
  if (h > 0) return m > 0 || s > 0 ? `${h}h ${two(m)}m` : `${h}h`;
  return s > 0 ? `${m}m ${two(s)}s` : `${m}m`;
}

/** A second of a run as a clock: 0:07, 12:07, 1:02:07. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const h = Math.floor(whole / 3600);
  const m = Math.floor(whole / 60) % 60;
  const s = String(whole % 60).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
}

/** How long ago an instant was, in one unit. */
export function ago(instant: string | Date, now: Date = new Date()): string {
  const seconds = (now.getTime() - new Date(instant).getTime()) / 1000;
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86400)}d ago`;
}

/** Seconds between two instants; undefined when either is not there. */
export function between(from: string | null | undefined, to: string | null | undefined): number | undefined {
  if (!from || !to) return undefined;
  return (new Date(to).getTime() - new Date(from).getTime()) / 1000;
}

const two = (n: number) => String(n).padStart(2, "0");

/** Local time of day: 14:03:07. */
export function timeOfDay(instant: string): string {
  const d = new Date(instant);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** Local date and time, sortable by eye: 2026-11-23 14:03. */
export function dateTime(instant: string): string {
  const d = new Date(instant);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}`;
}

/** Words of the API as people read them: could_not_run → could not run. */
export function words(word: string): string {
  return word.replaceAll("_", " ");
}

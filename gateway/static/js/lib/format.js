// Values as people read them.

import { serverNow } from "./clock.js";
import { t } from "../texts/common.js";

const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

const missing = "–";

export const number = (value) => (value == null ? missing : numbers.format(value));

export const short = (value) => (value == null ? missing : compact.format(value));

/** Milliseconds as "420 ms", "3.2 s", "4 min 10 s" or "2 h 5 min". */
export function duration(ms) {
  if (ms == null) return missing;
  // Rounded first: 59.96 s are a minute, not 60 s.
  if (Math.round(ms) < 1000) return t("format.milliseconds", { ms: Math.round(ms) });
  if (Math.round(ms / 100) < 600) return t("format.seconds", { seconds: numbers.format(ms / 1000) });
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("format.minutes", { minutes, seconds: seconds % 60 });
  return t("format.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

export function bytes(count) {
  if (count == null) return missing;
  const units = ["B", "KiB", "MiB", "GiB"];
  let index = 0;
  while (Math.round(count * 10) >= 10_240 && index < units.length - 1) {
    count /= 1024;
    index += 1;
  }
  return `${numbers.format(count)} ${units[index]}`;
}

/** Below this a sum has no place in six digits behind the point. */
const TINY = 0.00001;
let sums = null;
let smallSums = null;
let tinySums = null;
/** The smallest coin of the currency: 0.01 of a dollar, 1 yen. */
let coin = 0.01;
let called = "";

/** Show sums in the operator's currency, by its three letters (ISO 4217). */
export function setCurrency(currency = "USD") {
  called = currency;
  const form = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  sums = new Intl.NumberFormat(undefined, form);
  smallSums = new Intl.NumberFormat(undefined, { ...form, maximumFractionDigits: 6 });
  tinySums = new Intl.NumberFormat(undefined, { ...form, maximumSignificantDigits: 2 });
  coin = 10 ** -sums.resolvedOptions().maximumFractionDigits;
}
setCurrency();

/** The letters of the currency that sums are in. */
export const currency = () => called;

/** A sum of money; small ones with the digits that tell them apart. */
export function money(value) {
  if (value == null) return missing;
  const size = Math.abs(value);
  const form = size === 0 || size >= coin ? sums : size < TINY ? tinySums : smallSums;
  return form.format(value);
}

const shares = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** A share as "9.3%". */
export const percent = (share) => (share == null ? missing : shares.format(share));

/** What is no date stays as it was written: an address can hold anything. */
function dateIn(form, iso) {
  if (!iso) return missing;
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? String(iso) : form.format(date);
}

/** An ISO date as the moment it is here. */
export const moment = (iso) => dateIn(moments, iso);

export const day = (iso) => dateIn(days, iso);

/** An ISO date as "2 min. ago". */
export function ago(iso, now = serverNow()) {
  if (!iso) return missing;
  const seconds = (new Date(iso).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return String(iso);
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? units.at(-1);
  return relative.format(Math.round(seconds / size), unit);
}

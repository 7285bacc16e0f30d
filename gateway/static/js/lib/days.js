// Moments in the groups that lists show them in: today, yesterday, the last week, months. Pure.

import { serverNow } from "./clock.js";
import { t } from "../texts/common.js";

const DAY_MS = 86_400_000;
const months = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });

const startOfDay = (moment) => new Date(moment).setHours(0, 0, 0, 0);

/** The name of the group that an ISO date is in. */
export function dayGroup(iso, now = serverNow()) {
  const days = Math.round((startOfDay(now) - startOfDay(iso)) / DAY_MS);
  if (days <= 0) return t("days.today");
  if (days === 1) return t("days.yesterday");
  return days < 7 ? t("days.last7Days") : months.format(new Date(iso));
}

const pad = (value) => String(value).padStart(2, "0");

/** The day of a moment where the reader is, as fields for dates have it: 2026-11-28. */
export function dayOf(moment) {
  const date = new Date(moment);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const BEGINS = "00:00:00.000";
const ENDS = "23:59:59.999";

/** The moment of a day's time where the reader is (ISO); what is no day stays as it is. */
function momentOf(day, time) {
  const date = DAY.test(day ?? "") ? new Date(`${day}T${time}`) : new Date(Number.NaN);
  return Number.isNaN(date.getTime()) ? day : date.toISOString();
}

/** The moment at which a day begins where the reader is. */
export const beginningOf = (day) => momentOf(day, BEGINS);

/** Filters of a list whose days are moments: lists tell moments as they are where the reader is, so days begin and end there, too. */
export function asMoments(filters) {
  const ends = Object.entries({ from: BEGINS, to: ENDS }).filter(([name]) => filters[name]);
  return { ...filters, ...Object.fromEntries(ends.map(([name, time]) => [name, momentOf(filters[name], time)])) };
}

/** [[name, rows]] in their order; `nameOf(row)` is the group's. */
export function grouped(rows, nameOf) {
  const groups = [];
  for (const row of rows) {
    const name = nameOf(row);
    if (groups.at(-1)?.[0] !== name) groups.push([name, []]);
    groups.at(-1)[1].push(row);
  }
  return groups;
}

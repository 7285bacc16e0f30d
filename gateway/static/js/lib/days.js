// Moments in the groups that lists show them in: today, yesterday, the last week, months. Pure.

import { t } from "../texts/common.js";

const DAY_MS = 86_400_000;
const months = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });

const startOfDay = (moment) => new Date(moment).setHours(0, 0, 0, 0);

/** The name of the group that an ISO date is in. */
export function dayGroup(iso, now = Date.now()) {
  const days = Math.round((startOfDay(now) - startOfDay(iso)) / DAY_MS);
  if (days <= 0) return t("days.today");
  if (days === 1) return t("days.yesterday");
  return days < 7 ? t("days.last7Days") : months.format(new Date(iso));
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

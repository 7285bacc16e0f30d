// Moments in the groups that lists show them in: today, yesterday, the last week, months. Pure.

const DAY_MS = 86_400_000;
const months = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });

const startOfDay = (moment) => new Date(moment).setHours(0, 0, 0, 0);

/** The name of the group that an ISO date is in. */
export function dayGroup(iso, now = Date.now()) {
  const days = Math.round((startOfDay(now) - startOfDay(iso)) / DAY_MS);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  return days < 7 ? "Last 7 days" : months.format(new Date(iso));
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

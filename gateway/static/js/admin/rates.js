// From counts that only grow to rates and latencies: what lies between two readings. Pure.

/** How often `count` was counted in a second between two overviews. */
export function rate(before, now, count) {
  const seconds = (new Date(now.date) - new Date(before.date)) / 1000;
  return seconds > 0 ? Math.max(0, (count(now) - count(before)) / seconds) : 0;
}

export const ended = ({ counts }) =>
  (counts.ended_completed ?? 0) + (counts.ended_failed ?? 0) + (counts.ended_cancelled ?? 0);

/** Within how many milliseconds this share of the jobs between two overviews was answered. */
export function percentile(before, now, share) {
  const counts = now.latencies.map(({ total }, index) => total - (before.latencies[index]?.total ?? 0));
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all <= 0) return null;
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    if (seen + count >= share * all) {
      const low = index ? now.latencies[index - 1].withinMs : 0;
      const high = now.latencies[index].withinMs ?? low * 2;
      return low + (high - low) * ((share * all - seen) / count);
    }
    seen += count;
  }
  return null;
}

/** Due, to be tried again, being sent, or held until their receiver has room. */
export function pendingCallbacks(now) {
  const held = now.stages.reduce((sum, stage) => sum + (stage.held ?? 0), 0);
  return now.callbacksDue + now.callbacksDelayed + now.callbacksInFlight + held;
}

/** A sample of the past in the form of an overview. `now` tells within which times latencies are counted. */
export const pastOf = (row, now) => ({
  date: row.date, accepted: row.accepted, counts: { ended_completed: row.completed, ended_failed: row.failed, ended_cancelled: row.cancelled },
  inFlight: row.inFlight, waitingCount: row.waiting, callbacksCount: row.callbacks,
  latencies: now.latencies.map(({ withinMs }, index) => ({ withinMs, total: row.latencies[index] ?? 0 })),
});

/** Of samples the last that is so old, and not much older, in the form of the overview `now`; null when there is none, or counts began anew. */
export function reached(rows, now, ageMs) {
  const row = rows.findLast(({ date }) => new Date(now.date) - new Date(date) >= ageMs);
  const isOfUse = row && new Date(now.date) - new Date(row.date) <= 3 * ageMs && row.accepted <= now.accepted;
  return isOfUse ? pastOf(row, now) : null;
}

export const waitingCount = (one) => one.waitingCount ?? one.waiting.reduce((sum, row) => sum + row.interactive + row.queued + row.bulk, 0);
export const callbacksCount = (one) => one.callbacksCount ?? pendingCallbacks(one);

/** The past and what was read since, at least `everyMs` apart; from where counts began anew, if they did. */
export function joined(past, live, everyMs) {
  const found = [];
  for (const one of [...past, ...live]) {
    const before = found.at(-1);
    const apart = before ? new Date(one.date) - new Date(before.date) : Infinity;
    if (before && one.accepted < before.accepted) found.length = 0;
    else if (apart < everyMs) continue;
    found.push(one);
  }
  const last = live.at(-1);
  if (last && found.at(-1) !== last && new Date(last.date) > new Date(found.at(-1)?.date ?? 0)) found.push(last);
  return found;
}

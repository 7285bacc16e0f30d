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

// What stands in an address, as data: whatever somebody put there, a page can be shown of it. Pure.

/** A part of a path as it was meant; one whose percent signs mean nothing stays as it stands. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The parts of a path between its slashes, without those that only end it: "/admin/jobs/7/" is ["admin", "jobs", "7"]. */
export const partsOf = (path) => path.replace(/\/+$/, "").split("/").slice(1).map(decoded);

/** A number of rows to skip, as many as the API does at most; 0 for what is none. */
export const skipOf = ({ skip }, most = 10_000_000) => (/^\d{1,9}$/.test(skip ?? "") ? Math.min(most, Number(skip)) : 0);

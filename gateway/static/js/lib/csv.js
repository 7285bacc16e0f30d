// Tables as CSV files (RFC 4180), made here or fetched.

import { request } from "./api.js";

/** A cell; a text that a spreadsheet would take for a formula is kept a text. */
function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const asCsv = (rows, columns) =>
  [columns.join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))].join("\r\n");

/** Hand a Blob out as a file. */
export function handOut(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export const handOutText = (text, name, type = "text/csv") => handOut(new Blob([text], { type }), name);

/** Fetch a file with the rights of this page, and hand it out. Throws ApiError. */
export async function download(path, name) {
  const response = await request(path);
  handOut(await response.blob(), name);
}

import type { Value } from "../lake/table";

// A cell that begins like a formula would be run by spreadsheets.
const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Rows as CSV (RFC 4180): lines end with CRLF, a missing value is empty. */
export function toCsv(columns: string[], rows: Iterable<Value[]>): string {
  const lines = [columns.map(cell).join(",")];
  for (const row of rows) lines.push(row.map(cell).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function cell(value: Value): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A time as CSV holds it: a day, or a day and a time of day. */
export function csvTime(time: number, withTimeOfDay: boolean): string {
  const text = new Date(time).toISOString();
  return withTimeOfDay ? text.slice(0, 19) : text.slice(0, 10);
}

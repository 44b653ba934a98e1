import type { Tone } from "../components/status_note";
import type { DatasetDocument } from "../lake/contract";
import { isExact, isIn, partsOf } from "../lake/layers";
import { formatCount, formatDuration, plural } from "./format";

/** What is to be said of a dataset, and how urgent it is. */
export interface Verdict {
  tone: Tone;
  text: string;
}

/** Whether every row that came in is accounted for. */
export function balanceVerdict({ status }: DatasetDocument): Verdict {
  const wrong = status.balances.filter((balance) => !isExact(balance));
  if (status.balances.length === 0) return { tone: "quiet", text: "nothing loaded yet" };
  if (wrong.length > 0)
    return { tone: "bad", text: `rows are missing in ${wrong.map((balance) => balance.table).join(", ")}` };
  const waiting = status.balances.reduce((sum, balance) => sum + balance.waiting, 0);
  if (waiting > 0) return { tone: "attention", text: `${plural(waiting, "row waits", "rows wait")}` };
  return { tone: "good", text: "exact" };
}

/** Whether the expectations of the tables hold. */
export function qualityVerdict({ quality }: DatasetDocument): Verdict {
  if (quality.length === 0) return { tone: "quiet", text: "no rules" };
  const failed = quality.filter((result) => result.outcome === "fail");
  if (failed.length === 0)
    return { tone: "good", text: `${plural(quality.length, "rule holds", "rules hold")}` };
  const rows = failed.reduce((sum, result) => sum + (result.rows_failed ?? 0), 0);
  const stopped = failed.some((result) => result.action === "fail");
  return { tone: stopped ? "bad" : "attention", text: `${formatCount(rows)} rows flagged` };
}

export function anomalyVerdict(open: number): Verdict {
  return open === 0 ? { tone: "good", text: "none open" } : { tone: "bad", text: `${open} open` };
}

/** Whether every table has followed the one before it. */
export function followVerdict({ status }: DatasetDocument): Verdict {
  const behind = status.tables.filter((table) => (table.follows?.lag ?? 0) > 0);
  if (behind.length === 0) return { tone: "good", text: "up to date" };
  return { tone: "attention", text: `${plural(behind.length, "table is", "tables are")} behind` };
}

/** The newest moment that the data tell of. */
export function newestOf({ status }: DatasetDocument): string | null {
  const clean = status.tables.filter((table) => isIn("silver", table));
  const known = (clean.some((table) => table.newest) ? clean : status.tables).flatMap(
    (table) => table.newest ?? [],
  );
  return known.sort().at(-1) ?? null;
}

const HOUR_MS = 3_600_000;
/** A data time is a wall clock of a zone that nobody knows; one further ahead of the clock is no news. */
const AHEAD_MS = 24 * HOUR_MS;

/** Whether the tables are as fresh as they promise, by the one that is the furthest behind; null where none does. */
export function freshnessVerdict(dataset: DatasetDocument, now = Date.now()): Verdict | null {
  const verdicts = dataset.tables.flatMap(({ name, stale_after_hours: promised }) => {
    if (!promised) return [];
    const { newest } = dataset.status.tables.find(
      (table) => isIn("silver", table) && partsOf(table.table).name === name,
    ) ?? { newest: null };
    const age = newest ? (now - momentOf(newest)) / HOUR_MS : Number.NaN;
    return [{ age, promised }];
  });
  const known = verdicts.filter(({ age }) => age * HOUR_MS >= -AHEAD_MS);
  if (verdicts.length === 0) return null;
  if (known.length === 0) return { tone: "quiet", text: "unknown" };
  const { age, promised } = known.reduce((worst, next) =>
    next.age / next.promised > worst.age / worst.promised ? next : worst,
  );
  const promise = `${formatDuration(promised)} promised`;
  if (age < promised) return { tone: "good", text: `fresh, ${promise}` };
  const tone = age < 2 * promised ? "attention" : "bad";
  return { tone, text: `${formatDuration(age)} old, ${promise}` };
}

/** A wall clock, or a day, as UTC. */
function momentOf(newest: string): number {
  return Date.parse(`${newest.length > 10 ? newest.slice(0, 19) : `${newest}T00:00:00`}Z`);
}

/** Rows in the clean tables. */
export function rowsOf({ status }: DatasetDocument): number {
  return status.tables.filter((table) => isIn("silver", table)).reduce((sum, table) => sum + table.rows, 0);
}

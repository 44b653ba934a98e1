import { type Rows, select } from "../analysis/aggregate";
import type { LoadedRows } from "../analysis/load_rows";
import type { Table, Value } from "../lake/table";
import type { Scope } from "./scope";

export const ROWS_A_PAGE = 25;

/** The positions in the table of all rows that are chosen, in the order of the page. */
export async function orderedRows(scope: Scope, rows: LoadedRows): Promise<number[]> {
  const { choice, window, table } = scope;
  const positions = select(rows as Rows, window, choice.filters).map((row) => row + rows.offset);
  // Tables are sorted by their key, which mostly begins with the time: newest first.
  if (!choice.sort || !table.columns.includes(choice.sort.column)) return positions.reverse();
  const { column, descending } = choice.sort;
  const first = positions[0] ?? 0;
  const values = await table.read(column, { start: first, end: (positions.at(-1) ?? -1) + 1 });
  const direction = descending ? -1 : 1;
  return positions.sort(
    (a, b) => compare(values[a - first] ?? null, values[b - first] ?? null, direction) || a - b,
  );
}

/** Missing values come last, in either direction. */
function compare(a: Value, b: Value, direction: 1 | -1): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  if (typeof a === "string" && typeof b === "string") return direction * a.localeCompare(b);
  return direction * (a < b ? -1 : 1);
}

/** The cells of some rows: of each column only the pages that hold them are fetched. */
export async function readCells(table: Table, positions: number[]): Promise<Value[][]> {
  if (positions.length === 0) return [];
  const start = positions.reduce((a, b) => Math.min(a, b));
  const end = positions.reduce((a, b) => Math.max(a, b)) + 1;
  const columns = await Promise.all(table.columns.map((column) => table.read(column, { start, end })));
  return positions.map((position) => columns.map((values) => values[position - start] ?? null));
}

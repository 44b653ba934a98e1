import type { Mart } from "../lake/contract";
import type { Table, Value } from "../lake/table";
import type { Rows } from "./aggregate";
import { addPeriods, HOUR, startOf, timeOf } from "./calendar";
import type { MartShape } from "./mart_shape";
import type { TimeWindow } from "./time_window";

/** The rows that were read, and where they are in the table. */
export interface LoadedRows extends Rows {
  /** The position of the first of them in the table. */
  offset: number;
}

/** From the first to the last period that a table has rows of, by the statistics of its file. */
export function availableWindow(shape: MartShape, table: Table): TimeWindow | null {
  if (!shape.time) return null;
  const extent = table.extent(shape.time.column);
  const [min, max] = [timeOf(extent?.min), timeOf(extent?.max)];
  if (min === null || max === null) return null;
  const { period } = shape.time;
  const lastHour = shape.hour ? 23 * HOUR : 0;
  return { from: startOf(period, min), to: addPeriods(period, startOf(period, max + lastHour), 1) };
}

/** Reads columns of the rows of a window: nothing else is fetched. */
export async function loadRows(
  shape: MartShape,
  table: Table,
  columns: string[],
  window: TimeWindow | null,
): Promise<LoadedRows> {
  const { time, hour } = shape;
  const range =
    time && window
      ? table.rowsWithin(
          time.column,
          cellOf(shape.mart, time.column, window.from),
          cellOf(shape.mart, time.column, window.to - 1),
        )
      : { start: 0, end: table.rows };
  const names = [...new Set([...columns, ...(time ? [time.column] : []), ...(hour ? [hour] : [])])].filter(
    (name) => table.columns.includes(name),
  );
  const read = new Map(
    await Promise.all(names.map(async (name) => [name, await table.read(name, range)] as const)),
  );
  const clock = time ? read.get(time.column) : undefined;
  const hours = hour ? read.get(hour) : undefined;
  const times = clock
    ? clock.map((value, row) => {
        const start = timeOf(value);
        const ofDay = hours?.[row];
        return start === null ? null : start + (typeof ofDay === "number" ? ofDay * HOUR : 0);
      })
    : null;
  return { offset: range.start, length: range.end - range.start, times, columns: read };
}

/** A time as cells of a column hold it, so that it can be compared with the statistics. */
function cellOf(mart: Mart, name: string, time: number): Value {
  const type = mart.columns.find((column) => column.name === name)?.type;
  if (type === "DATE") return startOf("day", time);
  if (type === "TIMESTAMP") return time;
  if (type === "INT" || type === "BIGINT") return new Date(time).getUTCFullYear();
  return new Date(time).toISOString().slice(0, 7);
}

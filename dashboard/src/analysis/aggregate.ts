import type { Value } from "../lake/table";
import { addPeriods, type Period, startOf } from "./calendar";
import type { Measure } from "./mart_shape";
import type { TimeWindow } from "./time_window";

/** Columns that were read, position by position. */
export interface Rows {
  length: number;
  /** When each row's time is; null where the mart has none. */
  times: (number | null)[] | null;
  columns: Map<string, Value[]>;
}

/** Chosen values of dimensions; null is the missing value. */
export type Filters = Map<string, Value>;

/** The positions of rows in a window that have the chosen values. */
export function select(rows: Rows, window: TimeWindow | null, filters: Filters): number[] {
  const wanted = [...filters].map(([column, value]) => ({ values: rows.columns.get(column), value }));
  const selected: number[] = [];
  for (let row = 0; row < rows.length; row++) {
    if (window && rows.times) {
      const time = rows.times[row] ?? null;
      if (time === null || time < window.from || time >= window.to) continue;
    }
    if (wanted.every(({ values, value }) => !values || isSame(values[row] ?? null, value)))
      selected.push(row);
  }
  return selected;
}

/** Whether a cell has a value as it is written in an address. */
function isSame(cell: Value, wanted: Value): boolean {
  return cell === wanted || (cell !== null && wanted !== null && String(cell) === String(wanted));
}

/** Puts the rows together that it is told of. */
class Figure {
  private sum = 0;
  private count = 0;
  private readonly times = new Set<number>();

  constructor(
    private readonly measure: Measure,
    private readonly values: Value[] | undefined,
  ) {}

  add(row: number, time: number): void {
    if (this.measure.putting === "count") {
      this.sum += 1;
      this.count += 1;
      return;
    }
    const value = this.values?.[row];
    if (typeof value !== "number") return;
    this.sum += value;
    this.count += 1;
    if (this.measure.putting === "level") this.times.add(time);
  }

  get value(): number | null {
    if (this.count === 0) return null;
    if (this.measure.putting === "mean") return this.sum / this.count;
    return this.measure.putting === "level" ? this.sum / this.times.size : this.sum;
  }
}

/** One figure of all the selected rows. */
export function total(rows: Rows, selected: number[], measure: Measure): number | null {
  const figure = new Figure(measure, valuesOf(rows, measure));
  for (const row of selected) figure.add(row, timeAt(rows, row));
  return figure.value;
}

export interface Point {
  time: number;
  value: number | null;
}

/** A figure for each period of a window. A period without a row is zero or unknown. */
export function timeSeries(
  rows: Rows,
  selected: number[],
  measure: Measure,
  period: Period,
  window: TimeWindow,
  missing: 0 | null,
): Point[] {
  const values = valuesOf(rows, measure);
  const figures = new Map<number, Figure>();
  for (const row of selected) {
    const start = startOf(period, timeAt(rows, row));
    let figure = figures.get(start);
    if (!figure) {
      figure = new Figure(measure, values);
      figures.set(start, figure);
    }
    figure.add(row, timeAt(rows, row));
  }
  const points: Point[] = [];
  for (let time = startOf(period, window.from); time < window.to; time = addPeriods(period, time, 1)) {
    points.push({ time, value: figures.get(time)?.value ?? missing });
  }
  return points;
}

export interface Part {
  value: Value;
  figure: number;
  /** Of the sum of all parts; null for figures that do not add up. */
  share: number | null;
  before: number | null;
}

/** A figure for each value of a dimension, largest first, and what it was before. */
export function breakdown(
  rows: Rows,
  selected: number[],
  before: number[],
  dimension: string,
  measure: Measure,
): Part[] {
  const now = figuresBy(rows, selected, dimension, measure);
  const earlier = figuresBy(rows, before, dimension, measure);
  const addsUp = measure.putting === "sum" || measure.putting === "count";
  const sum = [...now.values()].reduce<number>((all, figure) => all + (figure ?? 0), 0);
  return [...now]
    .flatMap(([value, figure]) =>
      figure === null
        ? []
        : [
            {
              value,
              figure,
              share: addsUp && sum > 0 ? figure / sum : null,
              before: earlier.get(value) ?? null,
            },
          ],
    )
    .sort((a, b) => b.figure - a.figure);
}

function figuresBy(rows: Rows, selected: number[], dimension: string, measure: Measure) {
  const values = valuesOf(rows, measure);
  const cells = rows.columns.get(dimension) ?? [];
  const figures = new Map<Value, Figure>();
  for (const row of selected) {
    const cell = cells[row] ?? null;
    let figure = figures.get(cell);
    if (!figure) {
      figure = new Figure(measure, values);
      figures.set(cell, figure);
    }
    figure.add(row, timeAt(rows, row));
  }
  return new Map([...figures].map(([value, figure]) => [value, figure.value]));
}

/** Seven rows, Monday first, of 24 hours. */
export type HeatMap = (number | null)[][];

/** A figure for each hour of each weekday. */
export function heatMap(
  rows: Rows,
  selected: number[],
  measure: Measure,
  weekdayAt: (row: number) => number | null,
  hourAt: (row: number) => number | null,
): HeatMap {
  const values = valuesOf(rows, measure);
  const cells: Figure[][] = Array.from({ length: 7 }, () =>
    Array.from({ length: 24 }, () => new Figure(measure, values)),
  );
  for (const row of selected) {
    const weekday = weekdayAt(row);
    const hour = hourAt(row);
    if (weekday === null || hour === null) continue;
    cells[weekday - 1]?.[hour]?.add(row, timeAt(rows, row));
  }
  return cells.map((hours) => hours.map((figure) => figure.value));
}

/** The distinct values of a dimension, in order. */
export function distinct(rows: Rows, dimension: string): Value[] {
  const values = [...new Set(rows.columns.get(dimension) ?? [])];
  return values.sort((a, b) => {
    if (a === null || b === null) return a === null ? 1 : -1;
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  });
}

/** The change of a figure, as a part of what it was; null where that says nothing. */
export function change(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return (now - before) / Math.abs(before);
}

function valuesOf(rows: Rows, measure: Measure): Value[] | undefined {
  return measure.column === null ? undefined : rows.columns.get(measure.column);
}

function timeAt(rows: Rows, row: number): number {
  return rows.times?.[row] ?? 0;
}

import { type Period, periodsBetween } from "../analysis/calendar";
import { availableWindow } from "../analysis/load_rows";
import { chooseMart, chooseMeasure, type MartShape, type Measure, shapeOf } from "../analysis/mart_shape";
import { chooseWindow, type TimeWindow, windowBefore } from "../analysis/time_window";
import type { DatasetDocument, Mart } from "../lake/contract";
import { readTable } from "../lake/published";
import type { Table } from "../lake/table";
import { adjust, goTo } from "../navigation";
import { type ExploreChoice, exploreQuery } from "./query";

/** What a dataset's page shows: the choice in the address, made complete. */
export interface Scope {
  dataset: DatasetDocument;
  mart: Mart;
  shape: MartShape;
  table: Table;
  measure: Measure;
  choice: ExploreChoice;
  period: Period;
  /** Null for marts without a time. */
  available: TimeWindow | null;
  window: (TimeWindow & { preset: string | null }) | null;
  before: TimeWindow | null;
}

/** Opens the chosen mart's table: only its footer is read. */
export async function openMart(dataset: DatasetDocument, name: string | null) {
  const mart = chooseMart(dataset, name);
  if (!mart) return null;
  return { mart, table: await readTable(dataset.name, mart.name) };
}

export function scopeOf(dataset: DatasetDocument, mart: Mart, table: Table, choice: ExploreChoice): Scope {
  const shape = shapeOf(mart);
  const period = shape.time?.period ?? "day";
  const available = availableWindow(shape, table);
  const window = available && chooseWindow(period, available, choice);
  const before = available && window && windowBefore(period, window, available);
  // Filters of another mart, from an address that was edited, would hide everything.
  const filters = new Map(
    [...choice.filters].filter(([column]) => mart.columns.some(({ name }) => name === column)),
  );
  const measure = chooseMeasure(shape, choice.measure);
  return {
    dataset,
    mart,
    shape,
    table,
    measure,
    choice: { ...choice, filters },
    period,
    available,
    window,
    before,
  };
}

/** Whether more than one period is shown: a single one has no course. */
export function isLongerThanOne({ window, period }: Scope): boolean {
  return window !== null && periodsBetween(period, window.from, window.to) > 1;
}

/** Goes to the same page with another choice. What is sorted by stays, the page begins anew. */
export function choose(scope: Scope, change: Partial<ExploreChoice>): void {
  const query = exploreQuery({ ...scope.choice, mart: scope.mart.name, page: 1, ...change });
  goTo({ page: "dataset", dataset: scope.dataset.name, tab: "explore" }, query);
}

/** Sorts or pages: no step for Back. */
export function arrange(scope: Scope, change: Pick<Partial<ExploreChoice>, "sort" | "page">): void {
  const query = exploreQuery({ ...scope.choice, mart: scope.mart.name, ...change });
  adjust({ page: "dataset", dataset: scope.dataset.name, tab: "explore" }, query);
}

/** The choice with one value of a dimension chosen, or, if it was already, not any more. */
export function toggled(
  choice: ExploreChoice,
  column: string,
  value: string | number | boolean | null,
): ExploreChoice["filters"] {
  const filters = new Map(choice.filters);
  if (filters.has(column) && String(filters.get(column)) === String(value)) filters.delete(column);
  else filters.set(column, value);
  return filters;
}

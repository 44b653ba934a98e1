import type { Aggregate, Column, DatasetDocument, Mart } from "../lake/contract";
import { isIn, partsOf } from "../lake/layers";
import type { Period } from "./calendar";

/** How rows are put together: as the definition of a figure says, or counted. */
export type Putting = Exclude<Aggregate, "none"> | "count";

export type Unit = "number" | "ratio" | "hours" | "seconds";

/** What can be shown as a figure. */
export interface Measure {
  name: string;
  /** Null where rows are counted. */
  column: string | null;
  description: string | null;
  putting: Putting;
  unit: Unit;
  /** Digits after the point; null for as many as are of use. */
  digits: number | null;
}

export interface TimeColumn {
  column: string;
  /** The period that a value stands for. */
  period: Period;
}

/** What a mart's definition says about what can be shown of it. */
export interface MartShape {
  mart: Mart;
  time: TimeColumn | null;
  hour: string | null;
  weekday: string | null;
  dimensions: Column[];
  measures: Measure[];
}

export function shapeOf(mart: Mart): MartShape {
  const key = mart.key.flatMap((name) => mart.columns.find((column) => column.name === name) ?? []);
  const time = timeColumn(mart, key);
  const hour =
    mart.series?.hour ?? key.find((column) => isNamed(column, /^hour$|_hour$|^hour_of/))?.name ?? null;
  const weekday = key.find((column) => isNamed(column, /^(day_of_week|weekday|dow)$/))?.name ?? null;
  // Rows with a number of their own are single things; they can be counted, by all their texts.
  const ofSingleThings = key.some(isIdentifier);
  const candidates = ofSingleThings ? mart.columns : key;
  const dimensions = candidates.filter(
    (column) =>
      ![time?.column, hour, weekday].includes(column.name) &&
      /^(TEXT|BOOLEAN|INT)/.test(column.type) &&
      (column.type !== "INT" || mart.key.includes(column.name)) &&
      !isIdentifier(column) &&
      !(isYear(column) && time),
  );
  const measures = mart.columns.flatMap(measureOf);
  if (ofSingleThings || measures.length === 0) measures.unshift(rowCount());
  return { mart, time, hour, weekday, dimensions, measures };
}

function timeColumn(mart: Mart, key: Column[]): TimeColumn | null {
  const columns = [...key, ...mart.columns];
  const found =
    columns.find((column) => column.name === mart.series?.time) ??
    key.find(isTime) ??
    key.find(isMonth) ??
    key.find(isYear) ??
    mart.columns.find(isTime);
  if (!found) return null;
  return { column: found.name, period: mart.series?.every ?? periodOf(found) };
}

function periodOf(column: Column): Period {
  if (column.type === "TIMESTAMP") return "hour";
  if (column.type === "DATE") return "day";
  return isMonth(column) ? "month" : "year";
}

const isTime = (column: Column) => column.type === "DATE" || column.type === "TIMESTAMP";
const isMonth = (column: Column) =>
  column.type === "TEXT" && (/YYYY-MM/.test(column.description ?? "") || isNamed(column, /^month$|_month$/));
const isYear = (column: Column) => column.type === "INT" && isNamed(column, /(^|_)year$/);
const isIdentifier = (column: Column) => isNamed(column, /(^|_)(id|uuid|key)$/);
const isNamed = (column: Column, pattern: RegExp) => pattern.test(column.name);

function measureOf(column: Column): Measure[] {
  if (!column.aggregate || column.aggregate === "none") return [];
  return [
    {
      name: column.name,
      column: column.name,
      description: column.description,
      putting: column.aggregate,
      unit: unitOf(column),
      digits: digitsOf(column),
    },
  ];
}

function unitOf(column: Column): Unit {
  const isPart =
    /^(part of|share of|change against)/i.test(column.description ?? "") ||
    /'s part of\b/.test(column.description ?? "");
  if (column.type === "DOUBLE" && (isPart || isNamed(column, /(^|_)(share|rate|ratio|change|conversion)$/)))
    return "ratio";
  if (isNamed(column, /_hours$/)) return "hours";
  if (isNamed(column, /_(s|seconds)$/)) return "seconds";
  return "number";
}

function digitsOf(column: Column): number | null {
  const decimal = /^DECIMAL\(\d+,\s*(\d+)\)/.exec(column.type);
  if (decimal) return Math.min(Number(decimal[1]), 2);
  return column.type === "DOUBLE" ? null : 0;
}

function rowCount(): Measure {
  return {
    name: "rows",
    column: null,
    description: "number of rows",
    putting: "count",
    unit: "number",
    digits: 0,
  };
}

/** The measure with this name, or the one that the mart is about. */
export function chooseMeasure(shape: MartShape, name: string | null): Measure {
  const { measures, mart } = shape;
  const of = (wanted: string | null | undefined) => measures.find((measure) => measure.name === wanted);
  return (
    of(name) ??
    of(mart.series?.value) ??
    measures.find((measure) => measure.putting !== "mean") ??
    measures[0] ??
    rowCount()
  );
}

/** The mart with this name, or the one that a dataset's page begins with: with a forecast, else with a time. */
export function chooseMart(dataset: DatasetDocument, name: string | null): Mart | null {
  return (
    dataset.marts.find((mart) => mart.name === name) ??
    dataset.marts.find((mart) => mart.series) ??
    dataset.marts.find((mart) => shapeOf(mart).time) ??
    dataset.marts[0] ??
    null
  );
}

/**
 * The mart that a small chart of a dataset's main figure is read from: the smallest that holds the
 * same figure as the mart with the forecast, by part of its key. It is a roll-up of it, so it adds up
 * to the same.
 */
export function chooseRollUp(dataset: DatasetDocument): Mart | null {
  const main = chooseMart(dataset, null);
  if (!main?.series) return main;
  const rows = (mart: Mart) =>
    dataset.status.tables.find((table) => isIn("gold", table) && partsOf(table.table).name === mart.name)
      ?.rows ?? Number.POSITIVE_INFINITY;
  const { time, value } = main.series;
  const rollUps = dataset.marts.filter(
    (mart) =>
      mart.key.length < main.key.length &&
      mart.key.includes(time) &&
      mart.key.every((column) => main.key.includes(column)) &&
      mart.columns.some((column) => column.name === value),
  );
  return rollUps.reduce((best, mart) => (rows(mart) < rows(best) ? mart : best), main);
}

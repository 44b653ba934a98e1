import type { ForecastRow, Series } from "../lake/contract";
import type { Value } from "../lake/table";
import type { Filters } from "./aggregate";

// As in the tables of forecasts and anomalies.
const SEPARATOR = " / ";
const ALL = "all";
const NONE = "(none)";

/** The values of the columns in `by`, from the id of a series; null if they cannot be told apart. */
export function valuesOfSeries(series: Series, id: string): Value[] | null {
  if (series.by.length === 0) return [];
  const values = series.by.length === 1 ? [id] : id.split(SEPARATOR);
  if (values.length !== series.by.length) return null;
  return values.map((value) => (value === NONE ? null : value));
}

/** What people call a series. */
export function labelOfSeries(series: Series | null, mart: string, id: string): string {
  const name = mart.replaceAll("_", " ");
  const values = series ? valuesOfSeries(series, id) : null;
  if (!series || !values) return id === ALL ? name : id;
  if (series.label) {
    return series.by.reduce(
      (label, column, position) => label.replace(`{${column}}`, String(values[position] ?? NONE)),
      series.label,
    );
  }
  return values.length === 0 ? name : `${name} of ${values.map((value) => String(value ?? NONE)).join(", ")}`;
}

/** The id of a series with these values of the columns in `by`. */
export function idOfSeries(values: Value[]): string {
  return values.length === 0 ? ALL : values.map((value) => String(value ?? NONE)).join(SEPARATOR);
}

/** Whether a series is among what is chosen. */
export function isChosen(series: Series, id: string, filters: Filters): boolean {
  const values = valuesOfSeries(series, id);
  return [...filters].every(([column, wanted]) => {
    const position = series.by.indexOf(column);
    if (position < 0) return false;
    const value = values?.[position] ?? null;
    return String(value) === String(wanted);
  });
}

export interface ForecastPoint {
  time: number;
  mean: number;
  /** Null where several series were added up: their intervals do not add up. */
  band80: [number, number] | null;
  band95: [number, number] | null;
}

export interface ForecastOfChoice {
  points: ForecastPoint[];
  /** How many series it is of. */
  series: number;
}

/**
 * The forecast of what is chosen. One series comes with its intervals; of several, the means are
 * added up. None if something is chosen that divides series.
 */
export function forecastOf(series: Series, forecast: ForecastRow[], filters: Filters): ForecastOfChoice {
  const chosen = forecast.filter((row) => isChosen(series, row.series, filters));
  const count = new Set(chosen.map((row) => row.series)).size;
  const byTime = new Map<number, ForecastPoint>();
  for (const row of chosen) {
    const known = byTime.get(row.target_time);
    if (known) {
      known.mean += row.mean;
      continue;
    }
    byTime.set(row.target_time, {
      time: row.target_time,
      mean: row.mean,
      band80: count === 1 ? [row.lo_80, row.hi_80] : null,
      band95: count === 1 ? [row.lo_95, row.hi_95] : null,
    });
  }
  return { points: [...byTime.values()].sort((a, b) => a.time - b.time), series: count };
}

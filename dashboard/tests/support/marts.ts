import type { Aggregate, Column, DatasetDocument, Mart, Series } from "../../src/lake/contract";

export function column(name: string, type: string, description: string | null = null): Column {
  return { name, type, description };
}

/** A column with a figure, put together like that. */
export function figure(
  name: string,
  type: string,
  aggregate: Aggregate,
  description: string | null = null,
): Column {
  return { name, type, description, aggregate };
}

export function series(given: Partial<Series>): Series {
  return {
    time: "date",
    hour: null,
    value: "sales",
    by: [],
    label: null,
    every: "day",
    missing: "zero",
    horizon: 7,
    ...given,
  };
}

export function mart(name: string, key: string[], columns: Column[], given: Series | null = null): Mart {
  return { name, description: "", key, columns, series: given };
}

export function dataset(marts: Mart[], rows: Record<string, number> = {}): DatasetDocument {
  return {
    name: "shop",
    description: "a shop",
    written_at: "2026-01-01T00:00:00Z",
    tables: [],
    marts,
    models: [],
    status: {
      tables: Object.entries(rows).map(([name, count]) => ({
        table: `gold/shop/${name}`,
        version: 0,
        rows: count,
        files: 1,
        bytes: 1,
        newest: null,
        follows: null,
      })),
      balances: [],
    },
    quality: [],
    open_anomalies: 0,
  };
}

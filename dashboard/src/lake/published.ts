import type { AccuracyRow, AnomalyRow, Catalog, DatasetDocument, ForecastRow, Snapshot } from "./contract";
import { LakeFailure } from "./failure";
import { requestJson } from "./http";
import { openTable, type Table, type Value } from "./table";

/** Where the lake's `published/` is: beside the dashboard. */
const ROOT = new URL("./", document.baseURI).pathname;

// Documents that name the newest state are asked for again after this long.
const FRESH_MS = 30_000;

interface Kept<T> {
  at: number;
  value: Promise<T>;
}

const documents = new Map<string, Kept<unknown>>();
const tables = new Map<string, Promise<Table>>();

/** Forgets what was read, so that the next look asks the lake again. */
export function forgetDocuments(): void {
  documents.clear();
}

function document_<T>(path: string, check: (value: unknown, address: string) => T): Promise<T> {
  const address = `${ROOT}${path}`;
  const known = documents.get(address);
  if (known && Date.now() - known.at < FRESH_MS) return known.value as Promise<T>;
  // The server is asked whether its copy is still the newest (ETag, 304).
  const value = requestJson(address, { cache: "no-cache" }).then((json) => check(json, address));
  documents.set(address, { at: Date.now(), value });
  value.catch(() => documents.delete(address));
  return value;
}

/** Which datasets there are. */
export function readCatalog(): Promise<Catalog> {
  return document_("published/catalog.json", (json, address) => {
    if (isObject(json) && Array.isArray(json.datasets)) return json as unknown as Catalog;
    throw broken(address, "it has no list of datasets");
  });
}

/** The definition and state of a dataset. */
export function readDataset(dataset: string): Promise<DatasetDocument> {
  return document_(`published/${encodeURIComponent(dataset)}/dataset.json`, (json, address) => {
    if (isObject(json) && Array.isArray(json.marts) && isObject(json.status)) {
      return json as unknown as DatasetDocument;
    }
    throw broken(address, "it has no marts or no status");
  });
}

/** A published table in its newest version. */
export async function readTable(dataset: string, table: string): Promise<Table> {
  const path = `published/${encodeURIComponent(dataset)}/${encodeURIComponent(table)}/latest.json`;
  const snapshot = await document_(path, checkSnapshot);
  const known = tables.get(snapshot.path);
  if (known) return known;
  const opening = openTable(ROOT, snapshot);
  tables.set(snapshot.path, opening);
  opening.catch(() => tables.delete(snapshot.path));
  return opening;
}

function checkSnapshot(json: unknown, address: string): Snapshot {
  if (
    isObject(json) &&
    typeof json.path === "string" &&
    typeof json.bytes === "number" &&
    typeof json.rows === "number"
  ) {
    if (!/^published(\/\w[\w.-]*){3}\.parquet$/.test(json.path))
      throw broken(address, `it names ${json.path}`);
    return json as unknown as Snapshot;
  }
  throw broken(address, "it has no path, rows or bytes");
}

/** All anomalies of a dataset, newest first; none where nobody looks for them. */
export async function readAnomalies(dataset: string): Promise<AnomalyRow[]> {
  const table = await optional(readTable(dataset, "anomalies"));
  if (!table) return [];
  const rows = (await readRows(table)) as unknown as AnomalyRow[];
  return rows.sort((a, b) => b.time - a.time);
}

/** The newest forecasts of a mart. */
export async function readForecast(dataset: string, mart: string): Promise<ForecastRow[]> {
  const table = await optional(readTable(dataset, "forecast"));
  if (!table) return [];
  const columns = ["mart", "series", "target_time", "mean", "lo_80", "hi_80", "lo_95", "hi_95"];
  const rows = (await readRows(
    table,
    columns,
    table.rowsWithin("mart", mart, mart),
  )) as unknown as ForecastRow[];
  return rows.filter((row) => row.mart === mart);
}

/** How good the forecasts of a dataset were in trials; none before the first training. */
export async function readAccuracy(dataset: string): Promise<AccuracyRow[]> {
  const table = await optional(readTable(dataset, "forecast_accuracy"));
  return table ? ((await readRows(table)) as unknown as AccuracyRow[]) : [];
}

async function readRows(table: Table, columns = table.columns, range = { start: 0, end: table.rows }) {
  const present = columns.filter((column) => table.columns.includes(column));
  const values = await Promise.all(present.map((column) => table.read(column, range)));
  return Array.from({ length: range.end - range.start }, (_, row) => {
    const record: Record<string, Value> = {};
    present.forEach((column, position) => {
      record[column] = values[position]?.[row] ?? null;
    });
    return record;
  });
}

async function optional<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof LakeFailure && error.kind === "missing") return null;
    throw error;
  }
}

function broken(address: string, why: string): LakeFailure {
  return new LakeFailure(
    "broken",
    address,
    `${address} is not as expected: ${why}; refresh the dataset to write it anew`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

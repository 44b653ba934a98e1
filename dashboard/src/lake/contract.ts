// What lies under `published/`: the definitions and states that the dashboard is made from.

export interface CatalogEntry {
  name: string;
  description: string;
  path: string;
}

export interface Catalog {
  datasets: CatalogEntry[];
}

/**
 * How the values of a figure are put together when rows are: added up; added up at a time and averaged over
 * times (different users of a day); averaged over rows; not at all.
 */
export type Aggregate = "sum" | "level" | "mean" | "none";

export interface Column {
  name: string;
  /** BIGINT, INT, DOUBLE, DECIMAL(18,2), TEXT, BOOLEAN, DATE or TIMESTAMP. */
  type: string;
  description: string | null;
  /** Missing where the column is no figure. */
  aggregate?: Aggregate;
}

export type Every = "hour" | "day" | "week" | "month";

export interface Series {
  time: string;
  hour: string | null;
  value: string;
  by: string[];
  label: string | null;
  every: Every;
  missing: "zero" | "unknown";
  horizon: number;
}

export interface Mart {
  name: string;
  description: string;
  key: string[];
  columns: Column[];
  series: Series | null;
}

export interface SourceTable {
  name: string;
  description: string | null;
  newest: string | null;
  /** Hours after the newest data time at which the table is stale; null where none are promised. */
  stale_after_hours: number | null;
}

export interface TableStatus {
  /** `silver/nyc311/requests`. */
  table: string;
  version: number;
  rows: number;
  files: number;
  bytes: number;
  newest: string | null;
  follows: { upstream: string; version: number; lag: number } | null;
}

export interface Balance {
  table: string;
  bronze: number;
  silver: number;
  superseded: number;
  deleted: number;
  quarantined: number;
  in_quarantine: number;
  waiting: number;
  is_exact?: boolean;
}

export interface QualityResult {
  table: string;
  rule: string;
  action: "warn" | "reject" | "fail";
  outcome: "pass" | "fail" | "not_evaluated";
  rows_failed: number | null;
  at?: string | null;
}

export interface DatasetDocument {
  name: string;
  description: string;
  written_at: string;
  tables: SourceTable[];
  marts: Mart[];
  models: { name: string; kind: string }[];
  status: { tables: TableStatus[]; balances: Balance[] };
  quality: QualityResult[];
  open_anomalies: number;
}

/** `latest.json`: which file is a table's newest published version. */
export interface Snapshot {
  version: number;
  path: string;
  rows: number;
  bytes: number;
  published_at: string;
}

/** A row of the table of anomalies. */
export interface AnomalyRow {
  alert_id: string;
  mart: string;
  series: string;
  time: number;
  observed: number | null;
  expected: number | null;
  lo_95: number | null;
  hi_95: number | null;
  score: number | null;
  severity: string;
  reason: string;
  status: string;
  first_seen: number | null;
  notified_at: number | null;
}

/** A row of the table of forecasts. */
export interface ForecastRow {
  mart: string;
  series: string;
  target_time: number;
  mean: number;
  lo_80: number;
  hi_80: number;
  lo_95: number;
  hi_95: number;
}

/** A row of the table that tells how good forecasts were in trials. */
export interface AccuracyRow {
  mart: string;
  /** Null for all series of the mart together. */
  series: string | null;
  model: string;
  mase: number | null;
  smape: number | null;
  owa: number | null;
  coverage_80: number | null;
  coverage_95: number | null;
  seasonal_naive_mase: number | null;
  n_backtests: number | null;
  fitted_at: number | null;
}

import type { AnomalyRow } from "../lake/contract";

/** What belongs together: anomalies under one alert. */
export interface Incident {
  alertId: string;
  mart: string;
  severity: string;
  status: string;
  /** The row that says most: the one with the highest score. */
  main: AnomalyRow;
  from: number;
  to: number;
  rows: AnomalyRow[];
  series: string[];
}

const SEVERITIES = ["info", "warning", "critical"];
// The first of these among the rows is the status of the whole.
const STATUSES = ["open", "over", "muted", "past", "withdrawn"];

/** Rows under one alert id make an incident. Newest first. */
export function incidentsOf(anomalies: AnomalyRow[]): Incident[] {
  const byId = new Map<string, AnomalyRow[]>();
  for (const row of anomalies) {
    const known = byId.get(row.alert_id);
    if (known) known.push(row);
    else byId.set(row.alert_id, [row]);
  }
  return [...byId].map(([alertId, rows]) => incidentOf(alertId, rows)).sort((a, b) => b.to - a.to);
}

function incidentOf(alertId: string, rows: AnomalyRow[]): Incident {
  const inOrder = [...rows].sort((a, b) => a.time - b.time);
  const main = rows.reduce((best, row) => ((row.score ?? 0) > (best.score ?? 0) ? row : best));
  const rank = (order: string[], value: string) => order.indexOf(value);
  return {
    alertId,
    mart: main.mart,
    severity: rows
      .map((row) => row.severity)
      .reduce((a, b) => (rank(SEVERITIES, b) > rank(SEVERITIES, a) ? b : a)),
    status: STATUSES.find((status) => rows.some((row) => row.status === status)) ?? main.status,
    main,
    from: inOrder[0]?.time ?? main.time,
    to: inOrder.at(-1)?.time ?? main.time,
    rows: inOrder,
    series: [...new Set(inOrder.map((row) => row.series))],
  };
}

/** Other incidents of the mart that overlap, or come within `reach` before or after. Nearest first. */
export function neighbours(incident: Incident, all: Incident[], reach: number): Incident[] {
  const distance = (other: Incident) => Math.max(0, other.from - incident.to, incident.from - other.to);
  return all
    .filter((other) => other.alertId !== incident.alertId && distance(other) <= reach)
    .sort((a, b) => distance(a) - distance(b));
}

/** Above or below what was expected. */
export function isAbove(row: AnomalyRow): boolean {
  return (row.observed ?? 0) >= (row.expected ?? 0);
}

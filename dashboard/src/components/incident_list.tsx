import { formatNumber, formatShortPeriod, sentence } from "../analysis/format";
import { type Incident, isAbove } from "../analysis/incidents";
import { labelOfSeries } from "../analysis/series";
import type { Mart } from "../lake/contract";
import { hrefOf } from "../route";

export interface ListedIncident {
  dataset: string;
  mart: Mart | undefined;
  incident: Incident;
}

/** Incidents, one a line: what, where, when, and how far from what was expected. */
export function IncidentList({
  incidents,
  showsDataset = false,
}: {
  incidents: ListedIncident[];
  showsDataset?: boolean;
}) {
  return (
    <ul class="incidents">
      {incidents.map(({ dataset, mart, incident }) => {
        const { main } = incident;
        return (
          <li key={incident.alertId}>
            <a class="incident" href={hrefOf({ page: "anomaly", dataset, alertId: incident.alertId })}>
              <SeverityDot severity={incident.severity} />
              <span class="incident-what">
                <span class="incident-title">{incidentTitle(incident, mart)}</span>
                <span class="muted">
                  {showsDataset && `${dataset} · `}
                  {formatShortPeriod(mart?.series?.every ?? "day", main.time)}
                  {incident.severity === "critical" && " · critical"}
                  {incident.status === "open" && <strong class="tag tag-open">open</strong>}
                </span>
              </span>
              <span class="incident-figures numeric">
                <span>{formatNumber(main.observed)}</span>
                <span class="muted">
                  {isAbove(main) ? "above" : "below"} {formatNumber(main.expected)}
                </span>
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

/** What an incident is about: its series, or how many of them. */
export function incidentTitle(incident: Incident, mart: Mart | undefined): string {
  const label = sentence(labelOfSeries(mart?.series ?? null, incident.mart, incident.main.series));
  const others = incident.series.length - 1;
  return others > 0 ? `${label}, and ${others} more` : label;
}

export function SeverityDot({ severity }: { severity: string }) {
  return <span class={`severity severity-${severity.replace(/\W/g, "")}`} aria-hidden="true" />;
}

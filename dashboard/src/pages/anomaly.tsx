import { addPeriods, type Period, startOf } from "../analysis/calendar";
import {
  formatMoment,
  formatName,
  formatNumber,
  formatPercent,
  formatPeriod,
  formatValue,
  sentence,
} from "../analysis/format";
import { type Incident, incidentsOf, isAbove, neighbours } from "../analysis/incidents";
import { chooseMeasure, shapeOf } from "../analysis/mart_shape";
import { labelOfSeries, valuesOfSeries } from "../analysis/series";
import { AnomalyChart } from "../components/anomaly_chart";
import { Card } from "../components/card";
import { EmptyNote } from "../components/empty_note";
import { IncidentList, incidentTitle, SeverityDot } from "../components/incident_list";
import { PageHeader } from "../components/page_header";
import { ScrollArea } from "../components/scroll_area";
import { exploreQuery } from "../explore/query";
import type { DatasetDocument, Mart } from "../lake/contract";
import { readAnomalies, readDataset } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { hrefOf } from "../route";

/** Periods before and after an incident in which others count as neighbours. */
const REACH = 3;

/** One incident: what, where, what was expected, since when, and what is beside it. */
export function AnomalyPage({ dataset, alertId }: { dataset: string; alertId: string }) {
  const loaded = useLoaded(
    async () => {
      const [document, rows] = await Promise.all([readDataset(dataset), readAnomalies(dataset)]);
      return { document, incidents: incidentsOf(rows) };
    },
    [dataset, alertId],
    `published/${dataset}/anomalies/`,
  );
  const trail = [
    { label: "Overview", href: hrefOf({ page: "overview" }) },
    {
      label: loaded.state === "ready" ? sentence(loaded.value.document.description) : dataset,
      href: hrefOf({ page: "dataset", dataset, tab: "explore" }),
    },
    { label: "Anomalies", href: hrefOf({ page: "dataset", dataset, tab: "anomalies" }) },
  ];
  const incident =
    loaded.state === "ready" ? loaded.value.incidents.find((other) => other.alertId === alertId) : undefined;
  const mart =
    loaded.state === "ready"
      ? loaded.value.document.marts.find((other) => other.name === incident?.mart)
      : undefined;
  return (
    <>
      <PageHeader title={incident ? incidentTitle(incident, mart) : "Anomaly"} trail={trail}>
        {incident && (
          <p class="summary-line">
            <span class="severity-line">
              <SeverityDot severity={incident.severity} /> {sentence(incident.severity)}
            </span>
            <span>{sentence(STATUS_TEXTS[incident.status] ?? incident.status)}</span>
            <code>{incident.alertId}</code>
          </p>
        )}
      </PageHeader>
      <Load of={loaded} height="page">
        {({ document, incidents }) =>
          incident ? (
            <IncidentDetails dataset={document} mart={mart} incident={incident} all={incidents} />
          ) : (
            <EmptyNote title="There is no such anomaly">
              It may have been withdrawn, or the link is of another lake.{" "}
              <a href={hrefOf({ page: "dataset", dataset, tab: "anomalies" })}>All anomalies of {dataset}</a>
            </EmptyNote>
          )
        }
      </Load>
    </>
  );
}

const STATUS_TEXTS: Record<string, string> = {
  open: "it goes on",
  over: "it has ended",
  muted: "muted by a rule",
  past: "it was long past when it was found, so nobody was told",
  withdrawn: "late data made it usual after all",
};

interface DetailsProps {
  dataset: DatasetDocument;
  mart: Mart | undefined;
  incident: Incident;
  all: Incident[];
}

function IncidentDetails({ dataset, mart, incident, all }: DetailsProps) {
  const series = mart?.series ?? null;
  const period = series?.every ?? "day";
  const reach = addPeriods(period, startOf(period, incident.to), REACH) - startOf(period, incident.to);
  const others = neighbours(incident, all, reach).slice(0, 12);
  return (
    <div class="stack">
      <div class="grid anomaly-grid">
        <What incident={incident} mart={mart} />
        <Facts dataset={dataset} incident={incident} mart={mart} period={period} />
      </div>
      {mart && series && <AnomalyChart dataset={dataset} mart={mart} series={series} incident={incident} />}
      {incident.rows.length > 1 && <Observations incident={incident} mart={mart} period={period} />}
      <Card
        title="Neighbours"
        subtitle={`Other incidents of the dataset at the time, or up to ${REACH} ${period}s before or after`}
      >
        {others.length === 0 ? (
          <EmptyNote title="It stands alone">Nothing else was unusual around that time.</EmptyNote>
        ) : (
          <IncidentList
            incidents={others.map((other) => ({
              dataset: dataset.name,
              incident: other,
              mart: dataset.marts.find(({ name }) => name === other.mart),
            }))}
          />
        )}
      </Card>
    </div>
  );
}

function What({ incident, mart }: { incident: Incident; mart: Mart | undefined }) {
  const { main } = incident;
  const measure = mart && chooseMeasure(shapeOf(mart), mart.series?.value ?? null);
  const change = main.expected ? ((main.observed ?? 0) - main.expected) / Math.abs(main.expected) : null;
  return (
    <Card title="What" subtitle={sentence(main.reason)}>
      <div class="versus">
        <div>
          <p class="muted">Observed</p>
          <p class="figure-value numeric">{formatNumber(main.observed, measure?.digits ?? null)}</p>
        </div>
        <div>
          <p class="muted">Expected</p>
          <p class="figure-value numeric expected">
            {formatNumber(main.expected, measure?.digits === 0 ? 0 : null)}
          </p>
        </div>
      </div>
      <Range row={main} />
      <p class="muted">
        {change !== null &&
          `${formatPercent(Math.abs(change))} ${isAbove(main) ? "above" : "below"} what was expected. `}
        95 % of such values lie between {formatNumber(main.lo_95)} and {formatNumber(main.hi_95)}.
      </p>
    </Card>
  );
}

/** The interval and the observed value on one line. */
function Range({ row }: { row: Incident["main"] }) {
  const { observed, expected, lo_95: low, hi_95: high } = row;
  if (observed === null || expected === null || low === null || high === null) return null;
  const from = Math.min(0, low, observed);
  const to = Math.max(high, observed) * 1.04 || 1;
  const at = (value: number) => `${(100 * (value - from)) / (to - from)}%`;
  return (
    <svg class="range" width="100%" height="28" aria-hidden="true">
      <line class="range-line" x1="0" x2="100%" y1="14" y2="14" />
      <rect
        class="range-band"
        x={at(low)}
        width={`${(100 * (high - low)) / (to - from)}%`}
        y="8"
        height="12"
        rx="6"
      />
      <line class="range-expected" x1={at(expected)} x2={at(expected)} y1="5" y2="23" />
      <circle class="mark mark-open" cx={at(observed)} cy="14" r="6" />
    </svg>
  );
}

function Facts({
  dataset,
  incident,
  mart,
  period,
}: {
  dataset: DatasetDocument;
  incident: Incident;
  mart: Mart | undefined;
  period: Period;
}) {
  const series = mart?.series ?? null;
  const values = series ? (valuesOfSeries(series, incident.main.series) ?? []) : [];
  const filters = new Map(series?.by.map((column, position) => [column, values[position] ?? null]) ?? []);
  const { first_seen: seen, notified_at: told } = incident.main;
  return (
    <Card title="Where and when">
      <dl class="facts">
        {[...filters].map(([column, value]) => (
          <div key={column}>
            <dt>{formatName(column)}</dt>
            <dd>{formatValue(value)}</dd>
          </div>
        ))}
        <div>
          <dt>Mart</dt>
          <dd>
            <a
              href={hrefOf(
                { page: "dataset", dataset: dataset.name, tab: "explore" },
                exploreQuery({ mart: incident.mart, ...(incident.series.length === 1 ? { filters } : {}) }),
              )}
            >
              {formatName(incident.mart)}
            </a>
          </dd>
        </div>
        <div>
          <dt>Since</dt>
          <dd>{formatPeriod(period, incident.from)}</dd>
        </div>
        {incident.to > incident.from && (
          <div>
            <dt>Until</dt>
            <dd>{formatPeriod(period, incident.to)}</dd>
          </div>
        )}
        {seen !== null && (
          <div>
            <dt>Found</dt>
            <dd>{formatMoment(seen)}</dd>
          </div>
        )}
        <div>
          <dt>Told</dt>
          <dd>{told !== null ? formatMoment(told) : incident.status === "open" ? "nobody yet" : "nobody"}</dd>
        </div>
      </dl>
    </Card>
  );
}

function Observations({
  incident,
  mart,
  period,
}: {
  incident: Incident;
  mart: Mart | undefined;
  period: Period;
}) {
  return (
    <Card title="All of it" subtitle={`${incident.rows.length} values are one incident`}>
      <ScrollArea label="Values of the incident">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Series</th>
              <th scope="col" class="numeric">
                Observed
              </th>
              <th scope="col" class="numeric">
                Expected
              </th>
              <th scope="col" class="numeric">
                95 % between
              </th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {incident.rows.map((row) => (
              <tr key={`${row.series} ${row.time}`}>
                <td>{formatPeriod(period, row.time)}</td>
                <td>{sentence(labelOfSeries(mart?.series ?? null, row.mart, row.series))}</td>
                <td class="numeric">{formatNumber(row.observed)}</td>
                <td class="numeric">{formatNumber(row.expected)}</td>
                <td class="numeric">
                  {formatNumber(row.lo_95)} – {formatNumber(row.hi_95)}
                </td>
                <td>{row.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollArea>
    </Card>
  );
}

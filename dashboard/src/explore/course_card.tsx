import { useMemo } from "preact/hooks";
import { type Rows, select, timeSeries } from "../analysis/aggregate";
import { formatName, formatNumber, formatWindow, plural } from "../analysis/format";
import { incidentsOf } from "../analysis/incidents";
import { forecastOf, isChosen, labelOfSeries } from "../analysis/series";
import { Card } from "../components/card";
import { IncidentList } from "../components/incident_list";
import { LineChart, type Mark } from "../components/line_chart";
import type { AnomalyRow, ForecastRow } from "../lake/contract";
import { readAnomalies, readForecast } from "../lake/published";
import { useLoaded } from "../loading";
import { goTo } from "../navigation";
import { hrefOf } from "../route";
import type { Scope } from "./scope";

interface Judgement {
  forecast: ForecastRow[];
  anomalies: AnomalyRow[];
}

const LISTED = 5;

/** The course of the chosen figure, what is expected of it, and what was not as expected. */
export function CourseCard({ scope, rows }: { scope: Scope; rows: Rows }) {
  const { dataset, mart, measure, window, period, choice } = scope;
  const series = mart.series;
  const isForecast = series !== null && series.value === measure.name;
  const judged = useLoaded(
    async (): Promise<Judgement> => {
      if (!isForecast) return { forecast: [], anomalies: [] };
      const [forecast, anomalies] = await Promise.all([
        readForecast(dataset.name, mart.name),
        readAnomalies(dataset.name),
      ]);
      return { forecast, anomalies: anomalies.filter((row) => row.mart === mart.name) };
    },
    [dataset, mart.name, isForecast],
    `published/${dataset.name}/`,
  );
  const points = useMemo(() => {
    if (!window) return [];
    const addsUp = measure.putting === "sum" || measure.putting === "count";
    const missing = series?.missing === "unknown" || !addsUp ? null : 0;
    return timeSeries(rows, select(rows, window, choice.filters), measure, period, window, missing);
  }, [rows, measure, period, choice, window?.from, window?.to]);
  if (!window) return null;

  const { forecast, anomalies } =
    judged.state === "ready" && isForecast ? judged.value : { forecast: [], anomalies: [] };
  const isOfSeries =
    series !== null && [...choice.filters.keys()].every((column) => series.by.includes(column));
  const isNewest = scope.available?.to === window.to;
  const expected =
    series && isOfSeries ? forecastOf(series, forecast, choice.filters) : { points: [], series: 0 };
  const shownForecast = expected.points.filter(
    (point) => point.time >= window.from && (isNewest || point.time < window.to),
  );
  const found = series
    ? anomalies.filter(
        (row) =>
          row.time >= window.from && row.time < window.to && isChosen(series, row.series, choice.filters),
      )
    : [];
  const incidents = incidentsOf(found);
  const marks = incidents.flatMap((incident): (Mark & { alertId: string })[] =>
    incident.rows.map((row) => ({
      alertId: incident.alertId,
      time: row.time,
      // Beside other series in one line, the mark is on the line.
      value: expected.series === 1 ? row.observed : null,
      label: `${labelOfSeries(series, mart.name, row.series)}: ${formatNumber(row.observed)} instead of ${formatNumber(row.expected)}`,
      isOpen: incident.status === "open",
    })),
  );
  const title = `${formatName(measure.name)} by ${period}`;
  return (
    <Card title={title} subtitle={formatWindow(period, window.from, window.to)} class="course">
      <LineChart
        label={`${title}, ${formatWindow(period, window.from, window.to)}`}
        points={points}
        forecast={shownForecast}
        marks={marks}
        measure={measure}
        period={period}
        onMark={(mark) => {
          const alertId = marks.find((other) => other === mark)?.alertId;
          if (alertId) goTo({ page: "anomaly", dataset: dataset.name, alertId });
        }}
      />
      {judged.state === "failed" && (
        <p class="muted">The forecast and the anomalies could not be read: {judged.failure.message}.</p>
      )}
      {expected.series > 1 && shownForecast.length > 0 && (
        <p class="muted chart-note">
          Expected is the sum of {plural(expected.series, "series", "series")}. Choose one to see how sure its
          forecast is.
        </p>
      )}
      {isForecast && !isOfSeries && (
        <p class="muted chart-note">The forecast is not divided by what is chosen.</p>
      )}
      {incidents.length > 0 && (
        <div class="chart-incidents">
          <h3>Not as expected</h3>
          <IncidentList
            incidents={incidents
              .slice(0, LISTED)
              .map((incident) => ({ dataset: dataset.name, mart, incident }))}
          />
          {incidents.length > LISTED && (
            <a href={hrefOf({ page: "dataset", dataset: dataset.name, tab: "anomalies" })}>
              All {plural(incidents.length, "incident")}
            </a>
          )}
        </div>
      )}
    </Card>
  );
}

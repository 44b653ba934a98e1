import { select, timeSeries } from "../analysis/aggregate";
import { addPeriods, startOf } from "../analysis/calendar";
import { formatName, formatNumber, sentence } from "../analysis/format";
import type { Incident } from "../analysis/incidents";
import { availableWindow, loadRows } from "../analysis/load_rows";
import { chooseMeasure, shapeOf } from "../analysis/mart_shape";
import { forecastOf, labelOfSeries, valuesOfSeries } from "../analysis/series";
import type { DatasetDocument, Mart, Series } from "../lake/contract";
import { readForecast, readTable } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { Card } from "./card";
import { LineChart } from "./line_chart";

/** How many periods are shown on both sides. */
const AROUND = { hour: 48, day: 28, week: 13, month: 12 } as const;

interface AnomalyChartProps {
  dataset: DatasetDocument;
  mart: Mart;
  series: Series;
  incident: Incident;
}

/** The series of an incident, around the time at which it was not as expected. */
export function AnomalyChart({ dataset, mart, series, incident }: AnomalyChartProps) {
  const loaded = useLoaded(
    () => load(dataset, mart, series, incident),
    [dataset, incident],
    `published/${dataset.name}/${mart.name}/`,
  );
  const label = sentence(labelOfSeries(series, mart.name, incident.main.series));
  const measure = chooseMeasure(shapeOf(mart), series.value);
  return (
    <Card
      title="Around that time"
      subtitle={`${label}: ${formatName(measure.name).toLowerCase()} by ${series.every}`}
    >
      <Load of={loaded}>
        {({ points, forecast }) => (
          <LineChart
            label={`${label} around the incident`}
            points={points}
            forecast={forecast}
            measure={measure}
            period={series.every}
            marks={incident.rows
              .filter((row) => row.series === incident.main.series)
              .map((row) => ({
                time: row.time,
                value: row.observed,
                label: `${formatNumber(row.observed)} instead of ${formatNumber(row.expected)}`,
                isOpen: true,
              }))}
          />
        )}
      </Load>
    </Card>
  );
}

async function load(dataset: DatasetDocument, mart: Mart, series: Series, incident: Incident) {
  const shape = shapeOf(mart);
  const [table, forecasts] = await Promise.all([
    readTable(dataset.name, mart.name),
    readForecast(dataset.name, mart.name),
  ]);
  const available = availableWindow(shape, table);
  const reach = AROUND[series.every];
  const wanted = {
    from: addPeriods(series.every, startOf(series.every, incident.from), -reach),
    to: addPeriods(series.every, startOf(series.every, incident.to), reach + 1),
  };
  const window = available
    ? { from: Math.max(wanted.from, available.from), to: Math.min(wanted.to, available.to) }
    : wanted;
  const rows = await loadRows(shape, table, [...series.by, series.value], window);
  const values = valuesOfSeries(series, incident.main.series) ?? [];
  const filters = new Map(series.by.map((column, position) => [column, values[position] ?? null]));
  const measure = chooseMeasure(shape, series.value);
  const points = timeSeries(
    rows,
    select(rows, window, filters),
    measure,
    series.every,
    window,
    series.missing === "zero" ? 0 : null,
  );
  const known = forecastOf(series, forecasts, filters).points.filter(
    (point) => point.time >= window.from && point.time < wanted.to,
  );
  return { points, forecast: withJudged(known, incident) };
}

/** The forecasts, and what was expected of the values that were judged. */
function withJudged(forecast: ReturnType<typeof forecastOf>["points"], incident: Incident) {
  const times = new Set(forecast.map((point) => point.time));
  const judged = incident.rows
    .filter((row) => row.series === incident.main.series && !times.has(row.time) && row.expected !== null)
    .map((row) => ({
      time: row.time,
      mean: row.expected ?? 0,
      band80: null,
      band95: row.lo_95 !== null && row.hi_95 !== null ? ([row.lo_95, row.hi_95] as [number, number]) : null,
    }));
  return [...forecast, ...judged].sort((a, b) => a.time - b.time);
}

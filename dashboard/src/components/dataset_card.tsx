import { change, select, timeSeries, total } from "../analysis/aggregate";
import {
  formatAgo,
  formatCount,
  formatMoment,
  formatName,
  formatNewest,
  formatShort,
  formatWindow,
  sentence,
} from "../analysis/format";
import {
  anomalyVerdict,
  balanceVerdict,
  followVerdict,
  freshnessVerdict,
  newestOf,
  qualityVerdict,
  rowsOf,
  type Verdict,
} from "../analysis/health";
import { availableWindow, loadRows } from "../analysis/load_rows";
import { chooseMart, chooseMeasure, chooseRollUp, shapeOf } from "../analysis/mart_shape";
import { chooseWindow, windowBefore } from "../analysis/time_window";
import type { CatalogEntry, DatasetDocument } from "../lake/contract";
import { readDataset, readTable } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { hrefOf } from "../route";
import { ChangeNote } from "./change_note";
import { Sparkline } from "./sparkline";
import { StatusNote } from "./status_note";

/** A dataset at a glance: its main figure, and how it stands. */
export function DatasetCard({ entry }: { entry: CatalogEntry }) {
  const dataset = useLoaded(() => readDataset(entry.name), [entry.name], entry.path);
  return (
    <article class="card dataset-card">
      <header>
        <p class="eyebrow">{entry.name}</p>
        <h2>
          <a class="card-link" href={hrefOf({ page: "dataset", dataset: entry.name, tab: "explore" })}>
            {sentence(entry.description)}
          </a>
        </h2>
      </header>
      <Load of={dataset} height="chart">
        {(document) => (
          <>
            <MainFigure dataset={document} />
            <State dataset={document} />
          </>
        )}
      </Load>
    </article>
  );
}

function MainFigure({ dataset }: { dataset: DatasetDocument }) {
  const figure = useLoaded(() => readMainFigure(dataset), [dataset], `published/${dataset.name}/`);
  return (
    <div class="main-figure">
      <Load of={figure} height="tile">
        {(main) =>
          main && (
            <>
              <p class="figure">
                <strong class="numeric">{formatShort(main.value, main.measure)}</strong>
                <ChangeNote change={main.change} />
              </p>
              <p class="muted figure-note">
                {formatName(main.measure.name)}
                {main.measure.putting === "level" ? ", on average" : ""},{" "}
                {formatWindow(main.period, main.window.from, main.window.to)}
              </p>
              <Sparkline points={main.points} />
            </>
          )
        }
      </Load>
    </div>
  );
}

/** The figure of the mart with a forecast, and its course, from as few bytes as there are. */
async function readMainFigure(dataset: DatasetDocument) {
  const mart = chooseRollUp(dataset);
  if (!mart) return null;
  const shape = shapeOf(mart);
  const measure = chooseMeasure(shape, chooseMart(dataset, null)?.series?.value ?? null);
  const table = await readTable(dataset.name, mart.name);
  const available = availableWindow(shape, table);
  if (!shape.time || !available) return null;
  const { period } = shape.time;
  const window = chooseWindow(period, available, { range: null, from: null, to: null });
  const before = windowBefore(period, window, available);
  const rows = await loadRows(shape, table, measure.column ? [measure.column] : [], {
    from: before?.from ?? window.from,
    to: window.to,
  });
  const selected = select(rows, window, new Map());
  const value = total(rows, selected, measure);
  const earlier = before && total(rows, select(rows, before, new Map()), measure);
  const missing = mart.series?.missing === "zero" ? 0 : null;
  return {
    measure,
    period,
    window,
    value,
    change: change(value, earlier),
    points: timeSeries(rows, selected, measure, period, window, missing),
  };
}

function State({ dataset }: { dataset: DatasetDocument }) {
  const newest = newestOf(dataset);
  const freshness = freshnessVerdict(dataset);
  return (
    <dl class="state">
      <div>
        <dt>Data to</dt>
        <dd>{newest ? formatNewest(newest) : "unknown"}</dd>
      </div>
      <div>
        <dt>Refreshed</dt>
        <dd title={formatMoment(dataset.written_at)}>{formatAgo(dataset.written_at)}</dd>
      </div>
      <div>
        <dt>Rows</dt>
        <dd class="numeric">{formatCount(rowsOf(dataset))}</dd>
      </div>
      {freshness && <Judged term="Freshness" verdict={freshness} />}
      <Judged term="Balance" verdict={balanceVerdict(dataset)} />
      <Judged term="Quality" verdict={qualityVerdict(dataset)} />
      <Judged term="Anomalies" verdict={anomalyVerdict(dataset.open_anomalies)} />
      {followVerdict(dataset).tone !== "good" && <Judged term="Tables" verdict={followVerdict(dataset)} />}
    </dl>
  );
}

function Judged({ term, verdict }: { term: string; verdict: Verdict }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        <StatusNote tone={verdict.tone}>{verdict.text}</StatusNote>
      </dd>
    </div>
  );
}

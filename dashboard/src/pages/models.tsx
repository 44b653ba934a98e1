import { formatMoment, formatName, formatNumber, formatPercent, plural, sentence } from "../analysis/format";
import { labelOfSeries } from "../analysis/series";
import { Card } from "../components/card";
import { EmptyNote } from "../components/empty_note";
import { PageHeader } from "../components/page_header";
import { ScrollArea } from "../components/scroll_area";
import { StatusNote } from "../components/status_note";
import type { AccuracyRow, DatasetDocument, Mart } from "../lake/contract";
import { readAccuracy, readCatalog, readDataset } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { hrefOf } from "../route";
import { Registry } from "./model_registry";

interface Trained {
  dataset: DatasetDocument;
  rows: AccuracyRow[];
}

const SHOWN_SERIES = 12;

/** How good forecasts are: against the last season repeated, and whether their intervals hold. */
export function ModelsPage() {
  const trained = useLoaded(readTrained, [], "published/");
  return (
    <>
      <PageHeader title="Models">
        <p>
          Forecasts are tried on the past, from earlier origins. MASE is their mean error, as a part of the
          error of simply repeating the last value of the season within the training data: the smaller, the
          better.
        </p>
      </PageHeader>
      <Load of={trained} height="page">
        {(all) =>
          all.length === 0 ? (
            <EmptyNote title="No model was trained yet">
              <code>smelt train</code> fits the models of marts with a series.
            </EmptyNote>
          ) : (
            <div class="stack">
              {all.flatMap(({ dataset, rows }) =>
                dataset.marts
                  .filter((mart) => rows.some((row) => row.mart === mart.name))
                  .map((mart) => (
                    <Accuracy
                      key={`${dataset.name} ${mart.name}`}
                      dataset={dataset}
                      mart={mart}
                      rows={rows.filter((row) => row.mart === mart.name)}
                    />
                  )),
              )}
            </div>
          )
        }
      </Load>
      {/* One form for a token is enough: the API asks for the same one. */}
      {!(trained.state === "failed" && trained.failure.kind === "unauthorized") && <Registry />}
    </>
  );
}

async function readTrained(): Promise<Trained[]> {
  const { datasets } = await readCatalog();
  const settled = await Promise.allSettled(
    datasets.map(async ({ name }) => {
      const dataset = await readDataset(name);
      const rows = dataset.marts.some((mart) => mart.series) ? await readAccuracy(name) : [];
      return { dataset, rows };
    }),
  );
  return settled.flatMap((result) =>
    result.status === "fulfilled" && result.value.rows.length > 0 ? [result.value] : [],
  );
}

function Accuracy({ dataset, mart, rows }: { dataset: DatasetDocument; mart: Mart; rows: AccuracyRow[] }) {
  const all = rows.find((row) => row.series === null) ?? rows[0];
  const bySeries = rows.filter((row) => row.series !== null).sort((a, b) => (a.mase ?? 0) - (b.mase ?? 0));
  if (!all) return null;
  const isBetter = (all.mase ?? 0) < (all.seasonal_naive_mase ?? 0);
  return (
    <Card
      title={`${formatName(mart.name)}: ${formatName(mart.series?.value ?? "").toLowerCase()}`}
      subtitle={
        <>
          <a
            href={hrefOf(
              { page: "dataset", dataset: dataset.name, tab: "explore" },
              new URLSearchParams({ mart: mart.name }),
            )}
          >
            {sentence(dataset.description)}
          </a>
          {" · "}
          {plural(bySeries.length, "series", "series")} · {plural(all.n_backtests ?? 0, "trial")}
          {all.fitted_at !== null && ` · fitted ${formatMoment(all.fitted_at)}`}
        </>
      }
      actions={
        <StatusNote tone={isBetter ? "good" : "attention"}>
          {isBetter ? "Better than the last season" : "No better than the last season"}
        </StatusNote>
      }
    >
      <div class="accuracy">
        <div>
          <h3>Error (MASE)</h3>
          <ErrorBars model={all.mase} naive={all.seasonal_naive_mase} />
        </div>
        <Coverage name="80 %" nominal={0.8} actual={all.coverage_80} />
        <Coverage name="95 %" nominal={0.95} actual={all.coverage_95} />
      </div>
      {bySeries.length > 1 && (
        <details class="definition">
          <summary>By series</summary>
          <SeriesTable mart={mart} rows={bySeries} />
        </details>
      )}
    </Card>
  );
}

function ErrorBars({ model, naive }: { model: number | null; naive: number | null }) {
  const largest = Math.max(model ?? 0, naive ?? 0) || 1;
  const bars = [
    { name: "smelt", value: model, class: "bar" },
    { name: "last season", value: naive, class: "bar bar-quiet" },
  ];
  return (
    <dl class="error-bars">
      {bars.map((bar) => (
        <div key={bar.name}>
          <dt>{bar.name}</dt>
          <dd>
            <span class="bar-track" aria-hidden="true">
              <span class={bar.class} style={{ width: `${(100 * (bar.value ?? 0)) / largest}%` }} />
            </span>
            <strong class="numeric">{formatNumber(bar.value)}</strong>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** How many of the values lay within an interval, beside how many should. */
function Coverage({ name, nominal, actual }: { name: string; nominal: number; actual: number | null }) {
  const at = (part: number) => `${100 * part}%`;
  return (
    <div class="coverage">
      <h3>Within {name}</h3>
      <p class="figure-value numeric">{formatPercent(actual)}</p>
      {actual !== null && (
        <svg class="range" width="100%" height="20" aria-hidden="true">
          <rect class="coverage-track" x="0" y="8" width="100%" height="4" rx="2" />
          <rect class="coverage-fill" x="0" y="8" width={at(actual)} height="4" rx="2" />
          <line class="coverage-nominal" x1={at(nominal)} x2={at(nominal)} y1="2" y2="18" />
        </svg>
      )}
    </div>
  );
}

function SeriesTable({ mart, rows }: { mart: Mart; rows: AccuracyRow[] }) {
  const shown =
    rows.length <= 2 * SHOWN_SERIES ? rows : [...rows.slice(0, SHOWN_SERIES), ...rows.slice(-SHOWN_SERIES)];
  return (
    <ScrollArea label={`Accuracy by series of ${mart.name}`}>
      {shown.length < rows.length && (
        <p class="muted">
          The {SHOWN_SERIES} best and the {SHOWN_SERIES} worst of {rows.length}
        </p>
      )}
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col">Model</th>
            <th scope="col" class="numeric">
              MASE
            </th>
            <th scope="col" class="numeric">
              Last season
            </th>
            <th scope="col" class="numeric">
              sMAPE
            </th>
            <th scope="col" class="numeric">
              Within 80 %
            </th>
            <th scope="col" class="numeric">
              Within 95 %
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.series}>
              <th scope="row">{sentence(labelOfSeries(mart.series, mart.name, row.series ?? "all"))}</th>
              <td>{row.model}</td>
              <td class="numeric">{formatNumber(row.mase)}</td>
              <td class="numeric">{formatNumber(row.seasonal_naive_mase)}</td>
              <td class="numeric">{row.smape === null ? "–" : formatPercent(row.smape / 100)}</td>
              <td class="numeric">{formatPercent(row.coverage_80)}</td>
              <td class="numeric">{formatPercent(row.coverage_95)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  );
}

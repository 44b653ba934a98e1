import { breakdown, select } from "../analysis/aggregate";
import { startOf } from "../analysis/calendar";
import { formatName, formatWindow } from "../analysis/format";
import { availableWindow, loadRows } from "../analysis/load_rows";
import { chooseMeasure, type MartShape, shapeOf } from "../analysis/mart_shape";
import { type TimeWindow, windowBefore } from "../analysis/time_window";
import { BarList } from "../components/bar_list";
import { Card } from "../components/card";
import { WhenSeen } from "../components/when_seen";
import { readTable } from "../lake/published";
import { Load, useLoaded } from "../loading";
import { choose, type Scope } from "./scope";

interface Related {
  shape: MartShape;
  column: string;
}

/** Dimensions that only other marts of the dataset have: from the smallest mart with them. */
export function RelatedBreakdowns({ scope }: { scope: Scope }) {
  return (
    <>
      {relatedTo(scope).map((related) => (
        <WhenSeen key={`${related.shape.mart.name} ${related.column}`}>
          <RelatedBreakdown scope={scope} related={related} />
        </WhenSeen>
      ))}
    </>
  );
}

function relatedTo({ dataset, mart, shape, choice, window }: Scope): Related[] {
  if (!window) return [];
  const taken = new Set(mart.columns.map((column) => column.name));
  const related: Related[] = [];
  const others = dataset.marts
    .filter((other) => other.name !== mart.name)
    .map(shapeOf)
    .filter((other) => other.time && other.measures.some((measure) => measure.putting !== "mean"))
    // Marts that cannot be narrowed to what is chosen would show something else.
    .filter((other) => [...choice.filters.keys()].every((column) => other.mart.key.includes(column)))
    .sort((a, b) => a.mart.key.length - b.mart.key.length);
  for (const other of others) {
    // Steps and ranks of single things are not parts of a whole.
    const dimensions = other.dimensions.filter(
      (dimension) => other.mart.key.includes(dimension.name) && !taken.has(dimension.name),
    );
    for (const { name } of dimensions) {
      taken.add(name);
      related.push({ shape: other, column: name });
    }
  }
  return related.filter(({ shape: other }) => other.time?.period !== "year" || shape.time?.period === "year");
}

function RelatedBreakdown({ scope, related }: { scope: Scope; related: Related }) {
  const { dataset, window, choice } = scope;
  const loaded = useLoaded(
    () => load(scope, related),
    [related.shape.mart.name, related.column, window?.from, window?.to, choice, scope.measure.name],
    `published/${dataset.name}/${related.shape.mart.name}/`,
  );
  const title = `By ${formatName(related.column).toLowerCase()}`;
  const measure = measureFor(scope, related.shape);
  const mart = related.shape.mart.name;
  if (loaded.state === "ready" && (loaded.value === null || loaded.value.parts.length === 0)) return null;
  return (
    <Card
      title={title}
      subtitle={
        <>
          {formatName(measure.name)}
          {loaded.state === "ready" && loaded.value && (
            <>
              ,{" "}
              {formatWindow(
                related.shape.time?.period ?? "day",
                loaded.value.window.from,
                loaded.value.window.to,
              )}
            </>
          )}
        </>
      }
      actions={
        <button
          type="button"
          class="link-button"
          onClick={() =>
            choose(scope, { mart, measure: measure.name, range: null, from: null, to: null, sort: null })
          }
        >
          {formatName(mart)}
        </button>
      }
    >
      <Load of={loaded}>
        {(value) =>
          value && (
            <BarList
              parts={value.parts}
              measure={measure}
              isCompared={value.isCompared}
              chosen={undefined}
              onChoose={null}
            />
          )
        }
      </Load>
    </Card>
  );
}

function measureFor({ measure }: Scope, shape: MartShape) {
  return chooseMeasure(
    shape,
    shape.measures.some((other) => other.name === measure.name) ? measure.name : null,
  );
}

async function load(scope: Scope, { shape, column }: Related) {
  const table = await readTable(scope.dataset.name, shape.mart.name);
  const available = availableWindow(shape, table);
  if (!available || !shape.time || !scope.window) return null;
  const { period } = shape.time;
  const window: TimeWindow = {
    from: Math.max(startOf(period, scope.window.from), available.from),
    to: Math.min(scope.window.to, available.to),
  };
  if (window.from >= window.to) return null;
  const measure = measureFor(scope, shape);
  const before = period === scope.period ? windowBefore(period, window, available) : null;
  const columns = [column, ...scope.choice.filters.keys(), ...(measure.column ? [measure.column] : [])];
  const rows = await loadRows(shape, table, columns, { from: before?.from ?? window.from, to: window.to });
  const { filters } = scope.choice;
  const parts = breakdown(
    rows,
    select(rows, window, filters),
    before ? select(rows, before, filters) : [],
    column,
    measure,
  );
  return { parts, window, isCompared: before !== null };
}

import { heatMap, select } from "../analysis/aggregate";
import { startOf, weekdayOf } from "../analysis/calendar";
import { formatName, formatWindow } from "../analysis/format";
import { availableWindow, loadRows } from "../analysis/load_rows";
import { chooseMeasure, type MartShape, shapeOf } from "../analysis/mart_shape";
import { Card } from "../components/card";
import { HeatTable } from "../components/heat_table";
import { WhenSeen } from "../components/when_seen";
import { readTable } from "../lake/published";
import { Load, useLoaded } from "../loading";
import type { Scope } from "./scope";

/** When in the week things happen: shown where a mart of the dataset knows the hour. */
export function HourlyCard({ scope }: { scope: Scope }) {
  const shape = hourlyMart(scope);
  return (
    shape && (
      <WhenSeen>
        <HeatCard scope={scope} shape={shape} />
      </WhenSeen>
    )
  );
}

/** The mart on the page if it knows the hours, else another one with the same figure. */
function hourlyMart({ dataset, shape, measure, choice }: Scope): MartShape | null {
  const knowsHours = (other: MartShape) =>
    other.time !== null &&
    (other.hour !== null
      ? other.weekday !== null || other.time.period === "hour" || isDate(other)
      : isTimestamp(other));
  if (knowsHours(shape)) return shape;
  const fits = (other: MartShape) =>
    knowsHours(other) &&
    other.measures.some(({ name }) => name === measure.name) &&
    [...choice.filters.keys()].every((column) => other.mart.key.includes(column));
  return dataset.marts.map(shapeOf).find(fits) ?? null;
}

const typeOfTime = ({ mart, time }: MartShape) =>
  mart.columns.find((column) => column.name === time?.column)?.type;
const isDate = (shape: MartShape) => typeOfTime(shape) === "DATE";
const isTimestamp = (shape: MartShape) => typeOfTime(shape) === "TIMESTAMP";

function HeatCard({ scope, shape }: { scope: Scope; shape: MartShape }) {
  const { dataset, window, choice } = scope;
  const measure = chooseMeasure(shape, scope.measure.name);
  const loaded = useLoaded(
    () => load(scope, shape),
    [shape.mart.name, measure.name, window?.from, window?.to, choice],
    `published/${dataset.name}/${shape.mart.name}/`,
  );
  return (
    <Card
      title="By hour of the week"
      class="wide"
      subtitle={
        <>
          {formatName(measure.name)}
          {loaded.state === "ready" && loaded.value && (
            <>
              , {formatWindow(shape.time?.period ?? "day", loaded.value.window.from, loaded.value.window.to)}
            </>
          )}
        </>
      }
    >
      <Load of={loaded}>
        {(value) =>
          value && (
            <HeatTable
              cells={value.cells}
              measure={measure}
              caption={`${formatName(measure.name)} by weekday and hour`}
            />
          )
        }
      </Load>
    </Card>
  );
}

async function load(scope: Scope, shape: MartShape) {
  const table =
    shape.mart.name === scope.mart.name ? scope.table : await readTable(scope.dataset.name, shape.mart.name);
  const available = availableWindow(shape, table);
  if (!available || !shape.time || !scope.window) return null;
  const window = {
    from: Math.max(startOf(shape.time.period, scope.window.from), available.from),
    to: Math.min(scope.window.to, available.to),
  };
  const measure = chooseMeasure(shape, scope.measure.name);
  const columns = [
    ...scope.choice.filters.keys(),
    ...(measure.column ? [measure.column] : []),
    ...(shape.weekday ? [shape.weekday] : []),
  ];
  const rows = await loadRows(shape, table, columns, window);
  const hours = shape.hour ? rows.columns.get(shape.hour) : null;
  const weekdays = shape.weekday ? rows.columns.get(shape.weekday) : null;
  const timeAt = (row: number) => rows.times?.[row] ?? null;
  const numberAt = (values: ReturnType<typeof rows.columns.get>, row: number) => {
    const value = values?.[row];
    return typeof value === "number" ? value : null;
  };
  const cells = heatMap(
    rows,
    select(rows, window, scope.choice.filters),
    measure,
    (row) => {
      const time = timeAt(row);
      return weekdays ? numberAt(weekdays, row) : time === null ? null : weekdayOf(time);
    },
    (row) => {
      const time = timeAt(row);
      return hours ? numberAt(hours, row) : time === null ? null : new Date(time).getUTCHours();
    },
  );
  return { cells, window };
}

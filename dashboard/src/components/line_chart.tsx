import { useMemo, useState } from "preact/hooks";
import type { Point } from "../analysis/aggregate";
import type { Period } from "../analysis/calendar";
import { formatFigure, formatPeriod, formatTick, formatTimeTick } from "../analysis/format";
import type { Measure } from "../analysis/mart_shape";
import type { ForecastPoint } from "../analysis/series";
import { bandPath, type ChartLayout, layoutChart, linePath, runsOf } from "./chart_layout";
import { ChartTable } from "./chart_table";
import { useWidth } from "./use_width";

/** An anomaly in a chart. */
export interface Mark {
  time: number;
  /** The height of the mark; null puts it on the line. */
  value: number | null;
  label: string;
  isOpen: boolean;
}

export interface LineChartProps {
  /** What the chart shows, in a sentence. */
  label: string;
  points: Point[];
  forecast: ForecastPoint[];
  marks: Mark[];
  measure: Measure;
  period: Period;
  height?: number;
  /** Where a mark leads. */
  onMark?: (mark: Mark) => void;
}

/** A time at which there is something to tell. */
interface Stop {
  time: number;
  point: Point | undefined;
  expected: ForecastPoint | undefined;
  marks: Mark[];
}

/** A figure over time, with what was or is expected, and with anomalies marked. */
export function LineChart(props: LineChartProps) {
  const { label, points, forecast, marks, measure, period, height = 300, onMark } = props;
  const { ref, width } = useWidth<HTMLDivElement>(720);
  const [cursor, setCursor] = useState<number | null>(null);
  const stops = useMemo(() => stopsOf(points, forecast, marks), [points, forecast, marks]);
  const valueAt = (time: number) => points.find((point) => point.time === time)?.value ?? null;
  const layout = layoutChart(
    points,
    forecast,
    marks.flatMap((mark) => mark.value ?? []),
    { width, height, period, isWhole: measure.digits === 0 },
  );
  const { plot, x, y } = layout;
  const current = cursor === null ? null : (stops[cursor] ?? null);
  const lastActual = points.findLast((point) => point.value !== null);
  const future = forecast.filter((point) => !lastActual || point.time > lastActual.time);
  const runs = runsOf(forecast, period);

  function pointAt(event: PointerEvent): void {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const wanted = event.clientX - box.left;
    let nearest = 0;
    stops.forEach((stop, index) => {
      if (Math.abs(x(stop.time) - wanted) < Math.abs(x(stops[nearest]?.time ?? 0) - wanted)) nearest = index;
    });
    setCursor(nearest);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = stops.length - 1;
    const at = cursor ?? points.length - 1;
    const moves: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      PageUp: at - 10,
      PageDown: at + 10,
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setCursor(Math.min(last, Math.max(0, next)));
    } else if (event.key === "Enter" && current?.marks[0]) {
      onMark?.(current.marks[0]);
    } else if (event.key === "Escape") {
      setCursor(null);
    }
  }

  return (
    <div class="chart">
      <div
        ref={ref}
        class="chart-area"
        // A slider: one place at a time, moved by arrow keys.
        role="slider"
        tabIndex={0}
        aria-label={`${label}. Arrow keys go through it.`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, stops.length - 1)}
        aria-valuenow={cursor ?? points.length - 1}
        aria-valuetext={textOf(current ?? stops[points.length - 1], measure, period)}
        onKeyDown={onKeyDown}
        onPointerMove={pointAt}
        onPointerLeave={() => setCursor(null)}
        onBlur={() => setCursor(null)}
        onClick={() => current?.marks[0] && onMark?.(current.marks[0])}
        style={{ cursor: current?.marks.length && onMark ? "pointer" : "default" }}
      >
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          {layout.valueTicks.map((tick) => (
            <g key={tick}>
              <line
                class={tick === 0 ? "axis" : "grid"}
                x1={plot.left}
                x2={plot.right}
                y1={y(tick)}
                y2={y(tick)}
              />
              <text class="tick" x={plot.left - 10} y={y(tick) + 4} text-anchor="end">
                {formatTick(tick, measure)}
              </text>
            </g>
          ))}
          {layout.timeTicks.ticks.map((tick) => (
            <text class="tick" key={tick} x={x(tick)} y={plot.bottom + 20} text-anchor="middle">
              {formatTimeTick(layout.timeTicks.period, tick)}
            </text>
          ))}
          {runs.map((run) => (
            <g key={run[0]?.time}>
              <path class="band band-95" d={bandPath(run, "band95", layout)} />
              <path class="band band-80" d={bandPath(run, "band80", layout)} />
            </g>
          ))}
          {future.length > 0 && lastActual && (
            <line
              class="now"
              x1={x(lastActual.time)}
              x2={x(lastActual.time)}
              y1={plot.top - 8}
              y2={plot.bottom}
            />
          )}
          {runs.map((run) => (
            <ExpectedLine
              key={run[0]?.time}
              run={run}
              after={run[0] === future[0] ? lastActual : undefined}
              layout={layout}
            />
          ))}
          <path class="line line-actual" d={linePath(points, layout)} />
          {points.length === 1 && points[0]?.value !== null && points[0] && (
            <circle class="dot" r="4" cx={x(points[0].time)} cy={y(points[0].value ?? 0)} />
          )}
          {future.length > 0 && lastActual && (
            <text class="direct-label" x={Math.min(x(lastActual.time) + 6, plot.right - 62)} y={plot.top - 6}>
              Expected
            </text>
          )}
          {marks.map((mark) => {
            const value = mark.value ?? valueAt(mark.time);
            if (value === null) return null;
            return (
              <circle
                key={`${mark.time} ${mark.label}`}
                class={`mark ${mark.isOpen ? "mark-open" : ""}`}
                cx={x(mark.time)}
                cy={y(value)}
                r="5"
              />
            );
          })}
          {current && (
            <g>
              <line class="cursor" x1={x(current.time)} x2={x(current.time)} y1={plot.top} y2={plot.bottom} />
              {current.point?.value != null && (
                <circle class="dot" r="4" cx={x(current.time)} cy={y(current.point.value)} />
              )}
              {current.expected && (
                <circle class="dot dot-expected" r="3.5" cx={x(current.time)} cy={y(current.expected.mean)} />
              )}
            </g>
          )}
        </svg>
        {current && (
          <Tip
            stop={current}
            measure={measure}
            period={period}
            left={x(current.time)}
            width={width}
            leads={Boolean(onMark)}
          />
        )}
      </div>
      <ChartTable label={label} stops={stops} measure={measure} period={period} />
    </div>
  );
}

/** A line through what was expected, joined to the last value before it; a dash where it is one. */
function ExpectedLine({
  run,
  after,
  layout,
}: {
  run: ForecastPoint[];
  after: Point | undefined;
  layout: ChartLayout;
}) {
  const line = run.map(({ time, mean }) => ({ time, value: mean }));
  const [alone] = run;
  if (run.length === 1 && alone && !after) {
    const [x, y] = [layout.x(alone.time), layout.y(alone.mean)];
    return <line class="expected-dash" x1={x - 7} x2={x + 7} y1={y} y2={y} />;
  }
  return <path class="line line-expected" d={linePath(after ? [after, ...line] : line, layout)} />;
}

interface TipProps {
  stop: Stop;
  measure: Measure;
  period: Period;
  left: number;
  width: number;
  leads: boolean;
}

function Tip({ stop, measure, period, left, width, leads }: TipProps) {
  const isRight = left > width / 2;
  return (
    <div class="tip" style={isRight ? { right: `${width - left + 12}px` } : { left: `${left + 12}px` }}>
      <p class="tip-time">{formatPeriod(period, stop.time)}</p>
      {stop.point && (
        <p>
          <span>Actual</span> <strong class="numeric">{formatFigure(stop.point.value, measure)}</strong>
        </p>
      )}
      {stop.expected && (
        <p>
          <span>Expected</span> <strong class="numeric">{formatFigure(stop.expected.mean, measure)}</strong>
        </p>
      )}
      {stop.expected?.band95 && (
        <p>
          <span>95 %</span>{" "}
          <span class="numeric">
            {formatFigure(stop.expected.band95[0], measure)} –{" "}
            {formatFigure(stop.expected.band95[1], measure)}
          </span>
        </p>
      )}
      {stop.marks.slice(0, 3).map((mark) => (
        <p class="tip-mark" key={mark.label}>
          {mark.label}
        </p>
      ))}
      {stop.marks.length > 3 && <p class="muted">and {stop.marks.length - 3} more</p>}
      {stop.marks.length > 0 && leads && <p class="muted">Click to look closer</p>}
    </div>
  );
}

function stopsOf(points: Point[], forecast: ForecastPoint[], marks: Mark[]): Stop[] {
  const stops = new Map<number, Stop>();
  const at = (time: number): Stop => {
    const known = stops.get(time) ?? { time, point: undefined, expected: undefined, marks: [] };
    stops.set(time, known);
    return known;
  };
  for (const point of points) at(point.time).point = point;
  for (const point of forecast) at(point.time).expected = point;
  for (const mark of marks) stops.get(mark.time)?.marks.push(mark);
  return [...stops.values()].sort((a, b) => a.time - b.time);
}

/** What a stop says, for a screen reader. */
function textOf(stop: Stop | undefined, measure: Measure, period: Period): string {
  if (!stop) return "nothing";
  const parts = [formatPeriod(period, stop.time)];
  if (stop.point) parts.push(`${formatFigure(stop.point.value, measure)}`);
  if (stop.expected) parts.push(`expected ${formatFigure(stop.expected.mean, measure)}`);
  for (const mark of stop.marks) parts.push(`anomaly: ${mark.label}`);
  return parts.join(", ");
}

import type { Point } from "../analysis/aggregate";
import { type Period, periodsBetween } from "../analysis/calendar";
import { timeTicks, valueTicks } from "../analysis/scale";
import type { ForecastPoint } from "../analysis/series";

/** Where things are in a chart of a course over time. */
export interface ChartLayout {
  width: number;
  height: number;
  plot: { left: number; right: number; top: number; bottom: number };
  x: (time: number) => number;
  y: (value: number) => number;
  valueTicks: number[];
  timeTicks: ReturnType<typeof timeTicks>;
}

const TOP = 22;
const BOTTOM = 28;
const RIGHT = 14;
const LEFT = 52;
const TICK_DISTANCE = 62;

export interface ChartSize {
  width: number;
  height: number;
  period: Period;
  /** Whether there are no fractions of the figure. */
  isWhole: boolean;
}

export function layoutChart(
  points: Point[],
  forecast: ForecastPoint[],
  marks: number[],
  size: ChartSize,
): ChartLayout {
  const { width, height, period, isWhole } = size;
  const plot = { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM };
  const times = [...points.map((point) => point.time), ...forecast.map((point) => point.time)];
  const from = Math.min(...times);
  const to = Math.max(...times);
  const values = [
    ...points.flatMap((point) => point.value ?? []),
    ...forecast.flatMap((point) => [point.mean, ...(point.band95 ?? [])]),
    ...marks,
  ];
  const ticks = valueTicks(Math.min(...values, 0), Math.max(...values, 0), isWhole);
  const low = ticks[0] ?? 0;
  const high = ticks.at(-1) ?? 1;
  return {
    width,
    height,
    plot,
    x: (time) =>
      from === to
        ? (plot.left + plot.right) / 2
        : plot.left + ((time - from) * (plot.right - plot.left)) / (to - from),
    y: (value) => plot.bottom - ((value - low) * (plot.bottom - plot.top)) / (high - low),
    valueTicks: ticks,
    timeTicks: timeTicks(from, to, Math.max(2, Math.floor((plot.right - plot.left) / TICK_DISTANCE)), period),
  };
}

/** A line through points; it is broken where a value is unknown. */
export function linePath(points: { time: number; value: number | null }[], layout: ChartLayout): string {
  let path = "";
  let isDrawing = false;
  for (const { time, value } of points) {
    if (value === null) {
      isDrawing = false;
      continue;
    }
    path += `${isDrawing ? "L" : "M"}${layout.x(time).toFixed(1)} ${layout.y(value).toFixed(1)}`;
    isDrawing = true;
  }
  return path;
}

/** The area between a lower and an upper line. A point that stands alone has a bar. */
export function bandPath(points: ForecastPoint[], band: "band80" | "band95", layout: ChartLayout): string {
  return points.length === 1 && points[0] ? barPath(points[0], band, layout) : areaPath(points, band, layout);
}

const BAR_WIDTH = 10;

function barPath(point: ForecastPoint, band: "band80" | "band95", layout: ChartLayout): string {
  if (!point[band]) return "";
  const [low, high] = point[band];
  const left = layout.x(point.time) - BAR_WIDTH / 2;
  return `M${left} ${layout.y(high)}h${BAR_WIDTH}V${layout.y(low)}h${-BAR_WIDTH}Z`;
}

function areaPath(points: ForecastPoint[], band: "band80" | "band95", layout: ChartLayout): string {
  const known = points.flatMap((point) => (point[band] ? [{ time: point.time, band: point[band] }] : []));
  if (known.length === 0) return "";
  const at = (time: number, value: number) => `${layout.x(time).toFixed(1)} ${layout.y(value).toFixed(1)}`;
  const upper = known.map(({ time, band: [, high] }) => at(time, high));
  const lower = known.reverse().map(({ time, band: [low] }) => at(time, low));
  return `M${[...upper, ...lower].join("L")}Z`;
}

/** Forecasts of periods that follow each other: there is nothing to draw between others. */
export function runsOf(points: ForecastPoint[], period: Period): ForecastPoint[][] {
  const runs: ForecastPoint[][] = [];
  for (const point of points) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && periodsBetween(period, last.time, point.time) === 1) run.push(point);
    else runs.push([point]);
  }
  return runs;
}

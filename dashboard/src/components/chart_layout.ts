import type { Point } from "../analysis/aggregate";
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
const TICK_DISTANCE = 76;

export function layoutChart(points: Point[], forecast: ForecastPoint[], marks: number[], width: number, height: number): ChartLayout {
  const plot = { left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM };
  const times = [...points.map((point) => point.time), ...forecast.map((point) => point.time)];
  const from = Math.min(...times);
  const to = Math.max(...times);
  const values = [
    ...points.flatMap((point) => point.value ?? []),
    ...forecast.flatMap((point) => [point.mean, ...(point.band95 ?? [])]),
    ...marks,
  ];
  const ticks = valueTicks(Math.min(...values, 0), Math.max(...values, 0));
  const low = ticks[0] ?? 0;
  const high = ticks.at(-1) ?? 1;
  return {
    width,
    height,
    plot,
    x: (time) => (from === to ? (plot.left + plot.right) / 2 : plot.left + ((time - from) * (plot.right - plot.left)) / (to - from)),
    y: (value) => plot.bottom - ((value - low) * (plot.bottom - plot.top)) / (high - low),
    valueTicks: ticks,
    timeTicks: timeTicks(from, to, Math.max(2, Math.floor((plot.right - plot.left) / TICK_DISTANCE))),
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

/** The area between a lower and an upper line. */
export function bandPath(points: ForecastPoint[], band: "band80" | "band95", layout: ChartLayout): string {
  const known = points.flatMap((point) => (point[band] ? [{ time: point.time, band: point[band] }] : []));
  if (known.length < 2) return "";
  const at = (time: number, value: number) => `${layout.x(time).toFixed(1)} ${layout.y(value).toFixed(1)}`;
  const upper = known.map(({ time, band: [, high] }) => at(time, high));
  const lower = known.reverse().map(({ time, band: [low] }) => at(time, low));
  return `M${[...upper, ...lower].join("L")}Z`;
}

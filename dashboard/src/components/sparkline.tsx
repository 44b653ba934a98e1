import type { Point } from "../analysis/aggregate";

const WIDTH = 320;
const HEIGHT = 56;
const INSET = 3;

/** The course of a figure without axes. What it shows is said beside it in words. */
export function Sparkline({ points }: { points: Point[] }) {
  const values = points.map((point) => point.value ?? 0);
  const top = Math.max(...values, 0);
  const bottom = Math.min(...values, 0);
  const x = (index: number) => INSET + (index * (WIDTH - 2 * INSET)) / Math.max(1, values.length - 1);
  const y = (value: number) =>
    HEIGHT - INSET - ((value - bottom) * (HEIGHT - 2 * INSET)) / (top - bottom || 1);
  const line = values
    .map((value, index) => `${index === 0 ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path
        class="sparkline-area"
        d={`${line}L${x(values.length - 1).toFixed(1)} ${HEIGHT}L${x(0)} ${HEIGHT}Z`}
      />
      <path class="sparkline-line" d={line} />
    </svg>
  );
}

import { addPeriods, DAY, HOUR, type Period, startOf } from "./calendar";

const ORDER: Period[] = ["hour", "day", "week", "month", "year"];

/** Steps between round values. */
const WANTED = 4;

/** Round values for an axis that goes from 0, or below it, to at least the largest value; whole ones for counts. */
export function valueTicks(smallest: number, largest: number, isWhole = false): number[] {
  const low = Math.min(0, smallest);
  const high = largest > low ? largest : low + 1;
  const rough = Math.max((high - low) / WANTED, isWhole ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    (isWhole && power === 1 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10])
      .map((factor) => factor * power)
      .find((size) => size >= rough) ?? 10 * power;
  const ticks: number[] = [];
  const first = Math.floor(low / step);
  for (let number = first; ; number++) {
    // Products, as sums of fractions drift.
    const tick = Number((number * step).toPrecision(12));
    ticks.push(tick);
    if (tick >= high) return ticks;
  }
}

/** Beginnings of periods for the axis of time, at most `most` of them, none shorter than the periods that are shown. */
export function timeTicks(
  from: number,
  to: number,
  most: number,
  shown: Period,
): { period: Period; ticks: number[] } {
  const steps: [Period, number, number][] = [
    ["hour", 3, 3 * HOUR],
    ["hour", 6, 6 * HOUR],
    ["hour", 12, 12 * HOUR],
    ["day", 1, DAY],
    ["day", 2, 2 * DAY],
    ["week", 1, 7 * DAY],
    ["week", 2, 14 * DAY],
    ["month", 1, 30 * DAY],
    ["month", 3, 91 * DAY],
    ["month", 6, 182 * DAY],
    ["year", 1, 365 * DAY],
    ["year", 5, 5 * 365 * DAY],
  ];
  const [period, count] = steps.find(
    ([period, , size]) => ORDER.indexOf(period) >= ORDER.indexOf(shown) && (to - from) / size <= most,
  ) ?? ["year", 10];
  const ticks: number[] = [];
  // Steps of several hours, months and years begin with the day or the year.
  const whole: Period = period === "hour" ? "day" : period === "month" ? "year" : period;
  for (let tick = startOf(whole, from); tick <= to; tick = addPeriods(period, tick, count)) {
    if (tick >= from) ticks.push(tick);
  }
  return { period, ticks };
}

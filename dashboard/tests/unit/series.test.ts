import { expect, test } from "vitest";
import { forecastOf, idOfSeries, isChosen, labelOfSeries, valuesOfSeries } from "../../src/analysis/series";
import { series } from "../support/marts";

const both = series({ by: ["borough", "type"], label: "{type} in {borough}" });
const row = (id: string, time: number, mean: number) => ({
  mart: "m",
  series: id,
  target_time: time,
  mean,
  lo_80: mean - 1,
  hi_80: mean + 1,
  lo_95: mean - 2,
  hi_95: mean + 2,
});

test("an id and its values are two forms of the same", () => {
  for (const values of [
    ["BRONX", "Noise"],
    [null, "Heat/Hot"],
    ["A", null],
  ]) {
    expect(valuesOfSeries(both, idOfSeries(values))).toEqual(values);
  }
  expect(valuesOfSeries(both, "A / B / C")).toBeNull();
  expect(valuesOfSeries(series({}), "all")).toEqual([]);
});

test("series are called as the definition says", () => {
  expect(labelOfSeries(both, "daily", "BRONX / Noise")).toBe("Noise in BRONX");
  expect(labelOfSeries(both, "daily", "A / B / C")).toBe("A / B / C");
  expect(labelOfSeries(series({}), "daily_revenue", "all")).toBe("daily revenue");
  expect(labelOfSeries(null, "daily_revenue", "all")).toBe("daily revenue");
});

test("a forecast of one series comes with intervals, the sum of several without", () => {
  const forecast = [row("A / x", 1, 10), row("B / x", 1, 5), row("A / x", 0, 7)];
  const one = forecastOf(both, forecast, new Map([["borough", "A"]]));
  expect(one.series).toBe(1);
  expect(one.points.map(({ time, mean, band95 }) => [time, mean, band95])).toEqual([
    [0, 7, [5, 9]],
    [1, 10, [8, 12]],
  ]);
  const all = forecastOf(both, forecast, new Map());
  expect(all.series).toBe(2);
  expect(all.points[1]).toEqual({ time: 1, mean: 15, band80: null, band95: null });
});

test("what divides series has no forecast", () => {
  expect(isChosen(both, "A / x", new Map([["region", "north"]]))).toBe(false);
  expect(isChosen(both, "A / x", new Map([["type", "x"]]))).toBe(true);
});

import { expect, test } from "vitest";
import { DAY } from "../../src/analysis/calendar";
import { timeTicks, valueTicks } from "../../src/analysis/scale";

test("ticks are round, begin with 0 or below, and cover the largest value", () => {
  expect(valueTicks(0, 1274)).toEqual([0, 500, 1000, 1500]);
  expect(valueTicks(0, 0.3)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(valueTicks(-5, 10)[0]).toBeLessThanOrEqual(-5);
  for (const largest of [1e-6, 0.7, 3, 99, 12_345, 8e9]) {
    const ticks = valueTicks(0, largest);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(largest);
    expect(ticks.length).toBeLessThanOrEqual(6);
  }
});

test("counts have no fractions", () => {
  expect(valueTicks(0, 1, true)).toEqual([0, 1]);
  expect(valueTicks(0, 3, true)).toEqual([0, 1, 2, 3]);
});

test("nothing at all still has an axis", () => {
  expect(valueTicks(0, 0).length).toBeGreaterThan(1);
});

test("the axis of time is not finer than the data, nor fuller than it may be", () => {
  const from = Date.parse("2024-01-01T00:00:00Z");
  expect(timeTicks(from, from + 120 * DAY, 12, "month").period).toBe("month");
  for (const days of [1, 3, 10, 40, 200, 800, 4000]) {
    const { ticks } = timeTicks(from, from + days * DAY, 8, "hour");
    expect(ticks.length).toBeLessThanOrEqual(10);
    expect(ticks.length).toBeGreaterThan(0);
  }
});

import { expect, test } from "vitest";
import {
  breakdown,
  change,
  heatMap,
  type Rows,
  select,
  timeSeries,
  total,
} from "../../src/analysis/aggregate";
import { DAY, weekdayOf } from "../../src/analysis/calendar";
import type { Measure, Putting } from "../../src/analysis/mart_shape";

const MONDAY = Date.parse("2024-12-02T00:00:00Z");
const rows: Rows = {
  length: 5,
  times: [MONDAY, MONDAY, MONDAY + DAY, MONDAY + 3 * DAY, null],
  columns: new Map<string, (string | number | null)[]>([
    ["shop", ["A", "B", "A", null, "A"]],
    ["n", [1, 2, 4, 8, 100]],
  ]),
};
const week = { from: MONDAY, to: MONDAY + 7 * DAY };
const measure = (putting: Putting): Measure => ({
  name: "n",
  column: "n",
  description: null,
  putting,
  unit: "number",
  digits: 0,
});

test("rows are selected by time and by value; a row without a time is in no window", () => {
  expect(select(rows, week, new Map())).toEqual([0, 1, 2, 3]);
  expect(select(rows, { from: MONDAY, to: MONDAY + DAY }, new Map())).toEqual([0, 1]);
  expect(select(rows, week, new Map([["shop", "A"]]))).toEqual([0, 2]);
  expect(select(rows, week, new Map([["shop", null]]))).toEqual([3]);
  expect(select(rows, null, new Map())).toHaveLength(5);
});

test("figures are put together as their kind wants it", () => {
  const all = select(rows, week, new Map());
  expect(total(rows, all, measure("sum"))).toBe(15);
  expect(total(rows, all, measure("mean"))).toBe(15 / 4);
  expect(total(rows, all, measure("count"))).toBe(4);
  // 3 on Monday, 4 on Tuesday, 8 on Thursday.
  expect(total(rows, all, measure("level"))).toBe(5);
  expect(total(rows, [], measure("sum"))).toBeNull();
});

test("every period of a window has a point, with or without rows", () => {
  const all = select(rows, week, new Map());
  const points = timeSeries(rows, all, measure("sum"), "day", { from: MONDAY, to: MONDAY + 4 * DAY }, 0);
  expect(points.map(({ value }) => value)).toEqual([3, 4, 0, 8]);
  const unknown = timeSeries(rows, all, measure("sum"), "day", { from: MONDAY, to: MONDAY + 3 * DAY }, null);
  expect(unknown.map(({ value }) => value)).toEqual([3, 4, null]);
});

test("parts add up to the whole, largest first, beside what they were", () => {
  const parts = breakdown(rows, select(rows, week, new Map()), [0], "shop", measure("sum"));
  expect(parts.map(({ value, figure, before }) => [value, figure, before])).toEqual([
    [null, 8, null],
    ["A", 5, 1],
    ["B", 2, null],
  ]);
  expect(parts.reduce((sum, { share }) => sum + (share ?? 0), 0)).toBeCloseTo(1);
});

test("averages have no shares", () => {
  const parts = breakdown(rows, select(rows, week, new Map()), [], "shop", measure("mean"));
  expect(parts.every(({ share }) => share === null)).toBe(true);
});

test("hours without rows are empty, not zero", () => {
  const cells = heatMap(
    rows,
    [0, 1, 2],
    measure("sum"),
    (row) => weekdayOf(rows.times?.[row] ?? 0),
    () => 9,
  );
  expect(cells[0]?.[9]).toBe(3);
  expect(cells[1]?.[9]).toBe(4);
  expect(cells[2]?.[9]).toBeNull();
});

test("a change from nothing, or of nothing, is not told", () => {
  expect(change(3, 2)).toBe(0.5);
  expect(change(-1, -2)).toBe(0.5);
  expect(change(3, 0)).toBeNull();
  expect(change(null, 2)).toBeNull();
});

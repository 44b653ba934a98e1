import { expect, test } from "vitest";
import {
  addPeriods,
  type Period,
  periodsBetween,
  startOf,
  timeOf,
  weekdayOf,
} from "../../src/analysis/calendar";

const at = (text: string) => Date.parse(`${text}Z`);

test("weeks begin on Monday", () => {
  expect(startOf("week", at("2024-12-01T13:00:00"))).toBe(at("2024-11-25T00:00:00"));
  expect(weekdayOf(at("2024-12-01T13:00:00"))).toBe(7);
  expect(weekdayOf(at("2024-12-02T00:00:00"))).toBe(1);
});

test("months have the length that they have", () => {
  expect(addPeriods("month", at("2024-01-01T00:00:00"), 1)).toBe(at("2024-02-01T00:00:00"));
  expect(addPeriods("month", at("2024-01-01T00:00:00"), -1)).toBe(at("2023-12-01T00:00:00"));
  expect(addPeriods("year", at("2024-01-01T00:00:00"), 2)).toBe(at("2026-01-01T00:00:00"));
});

test("going on by periods and counting them agree", () => {
  const start: Record<Period, number> = {
    hour: at("2024-02-28T23:00:00"),
    day: at("2024-02-28T00:00:00"),
    week: at("2024-02-26T00:00:00"),
    month: at("2023-11-01T00:00:00"),
    year: at("2019-01-01T00:00:00"),
  };
  for (const period of Object.keys(start) as Period[]) {
    for (const count of [-30, -1, 0, 1, 13, 400]) {
      expect(periodsBetween(period, start[period], addPeriods(period, start[period], count))).toBe(count);
    }
  }
});

test("times are read from the forms that cells have", () => {
  expect(timeOf("2024-06")).toBe(at("2024-06-01T00:00:00"));
  expect(timeOf("2024-06-28")).toBe(at("2024-06-28T00:00:00"));
  expect(timeOf("2024-06-28T19:30:00.000")).toBe(at("2024-06-28T19:30:00"));
  expect(timeOf(2024)).toBe(at("2024-01-01T00:00:00"));
  expect(timeOf(at("2024-06-28T19:30:00"))).toBe(at("2024-06-28T19:30:00"));
  expect(timeOf("soon")).toBeNull();
  expect(timeOf(null)).toBeNull();
});

import { expect, test } from "vitest";
import { DAY } from "../../src/analysis/calendar";
import {
  chooseWindow,
  daysOf,
  defaultPreset,
  presetsFor,
  windowBefore,
} from "../../src/analysis/time_window";

const FROM = Date.parse("2024-01-01T00:00:00Z");
const year = { from: FROM, to: FROM + 365 * DAY };
const nothing = { range: null, from: null, to: null };

test("the period that is shown first has one as long before it", () => {
  expect(defaultPreset("day", year).name).toBe("90d");
  expect(defaultPreset("day", { from: FROM, to: FROM + 70 * DAY }).name).toBe("30d");
  expect(defaultPreset("day", { from: FROM, to: FROM + 10 * DAY }).name).toBe("all");
  const window = chooseWindow("day", year, nothing);
  expect(windowBefore("day", window, year)).toEqual({ from: window.from - 90 * DAY, to: window.from });
  expect(windowBefore("day", year, year)).toBeNull();
});

test("presets longer than the data are not offered", () => {
  expect(presetsFor("day", { from: FROM, to: FROM + 60 * DAY }).map(({ name }) => name)).toEqual([
    "30d",
    "all",
  ]);
});

test("chosen days are included, both of them", () => {
  const window = chooseWindow("day", year, { range: "30d", from: "2024-02-01", to: "2024-02-03" });
  expect(window).toMatchObject({ preset: null });
  expect(daysOf(window)).toEqual({ from: "2024-02-01", to: "2024-02-03" });
  expect((window.to - window.from) / DAY).toBe(3);
});

test("hours of the last chosen day are included", () => {
  const window = chooseWindow("hour", year, { range: null, from: "2024-02-01", to: "2024-02-01" });
  expect(window.to - window.from).toBe(DAY);
});

test("days in the wrong order, and an unknown preset, show the default", () => {
  expect(chooseWindow("day", year, { range: null, from: "2024-03-01", to: "2024-02-01" }).preset).toBe("90d");
  expect(chooseWindow("day", year, { range: "7 weeks", from: null, to: null }).preset).toBe("90d");
});

test("months are whole", () => {
  const months = { from: Date.parse("2021-07-01T00:00:00Z"), to: Date.parse("2024-07-01T00:00:00Z") };
  const window = chooseWindow("month", months, { range: "12m", from: null, to: null });
  expect(daysOf(window)).toEqual({ from: "2023-07-01", to: "2024-06-30" });
});

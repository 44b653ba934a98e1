import { expect, test } from "vitest";
import {
  formatAgo,
  formatBytes,
  formatCell,
  formatChange,
  formatFigure,
  formatNewest,
  formatNumber,
  formatValue,
} from "../../src/analysis/format";
import type { Measure } from "../../src/analysis/mart_shape";

const measure = (given: Partial<Measure>): Measure => ({
  name: "n",
  column: "n",
  description: null,
  putting: "sum",
  unit: "number",
  digits: null,
  ...given,
});

test("numbers have as many digits as are of use", () => {
  expect(formatNumber(1234.567)).toBe("1,235");
  expect(formatNumber(12.3456)).toBe("12.3");
  expect(formatNumber(0.0034567, 2)).toBe("0.00346");
  expect(formatNumber(1234.5, 2)).toBe("1,234.50");
  expect(formatNumber(null)).toBe("–");
});

test("what arithmetic left of a zero is a zero", () => {
  expect(formatNumber(1.06e-22)).toBe("0");
  expect(formatNumber(-1.06e-22)).toBe("0");
  expect(formatNumber(1.06e-22, 2)).toBe("0.00");
  expect(formatNumber(0.0000012)).toBe("0.0000012");
  const double = { name: "n", type: "DOUBLE", description: null };
  expect(formatCell(1.06e-22, double, measure({}))).toBe("0.00");
  expect(formatCell(-1.06e-22, double, measure({}))).toBe("0.00");
  expect(formatCell(0.0034567, double, measure({}))).toBe("0.00346");
});

test("figures have their unit", () => {
  expect(formatFigure(0.256, measure({ unit: "ratio" }))).toBe("25.6%");
  expect(formatFigure(3.25, measure({ unit: "hours" }))).toBe("3.25 h");
});

test("a large rise is told as a factor", () => {
  expect(formatChange(0.256)).toBe("25.6%");
  expect(formatChange(-0.5)).toBe("50%");
  expect(formatChange(14)).toBe("×15");
});

test("cells of a column have the digits that the column stores", () => {
  expect(formatCell(0.4498, { name: "n", type: "DECIMAL(18,6)", description: null }, measure({}))).toBe(
    "0.449800",
  );
  expect(
    formatCell(Date.parse("2024-06-28T00:00:00Z"), { name: "d", type: "DATE", description: null }, null),
  ).toBe("Jun 28, 2024");
  expect(formatCell(2024, { name: "y", type: "INT", description: null }, null)).toBe("2024");
});

test("sizes and moments are for people", () => {
  expect(formatBytes(13_340_971)).toBe("13.3 MB");
  const now = Date.parse("2026-11-29T12:00:00Z");
  expect(formatAgo("2026-11-29T11:57:00Z", now)).toBe("3 minutes ago");
  expect(formatAgo("2026-11-27T12:00:00Z", now)).toBe("2 days ago");
  expect(formatNewest("2024-12-30T23:59:33.000000")).toBe("Dec 30, 2024");
  expect(formatNewest("2024-12")).toBe("Dec 2024");
  expect(formatNewest("2024")).toBe("2024");
  expect(formatValue(null)).toBe("(none)");
});

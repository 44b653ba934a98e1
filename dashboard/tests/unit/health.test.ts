import { expect, test } from "vitest";
import { freshnessVerdict } from "../../src/analysis/health";
import type { TableStatus } from "../../src/lake/contract";
import { dataset } from "../support/marts";

const NOW = Date.parse("2026-03-10T12:00:00Z");

function status(table: string, newest: string | null): TableStatus {
  return { table: `silver/shop/${table}`, version: 0, rows: 1, files: 1, bytes: 1, newest, follows: null };
}

/** A dataset with one table, whose data end then. */
function until(newest: string | null, promised: number | null) {
  const shop = dataset([]);
  shop.tables = [{ name: "orders", description: null, newest: "at", stale_after_hours: promised }];
  shop.status.tables = [status("orders", newest)];
  return shop;
}

test("a table is stale after the hours that it promises, and says so louder at twice as many", () => {
  for (const [newest, tone, text] of [
    ["2026-03-10T00:00:01.000000", "good", "fresh, 36 h promised"],
    ["2026-03-09", "attention", "36 h old, 36 h promised"],
    ["2026-03-08", "attention", "2 days old, 36 h promised"],
    ["2026-03-07T12:00:00.000000", "bad", "3 days old, 36 h promised"],
  ] as const) {
    expect(freshnessVerdict(until(newest, 36), NOW), newest).toEqual({ tone, text });
  }
});

test("what is dated in the future tells nothing of freshness, a zone ahead is no future", () => {
  expect(freshnessVerdict(until("2099-01-01", 36), NOW)?.tone).toBe("quiet");
  expect(freshnessVerdict(until("2026-03-11T02:00:00", 36), NOW)?.tone).toBe("good");
  expect(freshnessVerdict(until(null, 36), NOW)?.tone).toBe("quiet");
});

test("without a promise nothing is said", () => {
  expect(freshnessVerdict(until("2020-01-01", null), NOW)).toBeNull();
});

test("of several tables the one that is the furthest behind is told", () => {
  const shop = until("2026-03-10", 36);
  shop.tables.push({ name: "items", description: null, newest: "at", stale_after_hours: 72 });
  shop.status.tables.push(status("items", "2026-03-01"));
  expect(freshnessVerdict(shop, NOW)).toEqual({ tone: "bad", text: "9 days old, 3 days promised" });
});

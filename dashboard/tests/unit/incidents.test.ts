import { expect, test } from "vitest";
import { incidentsOf, neighbours } from "../../src/analysis/incidents";
import type { AnomalyRow } from "../../src/lake/contract";

const anomaly = (alertId: string, time: number, given: Partial<AnomalyRow> = {}): AnomalyRow => ({
  alert_id: alertId,
  mart: "m",
  series: "s",
  time,
  observed: 2,
  expected: 1,
  lo_95: 0,
  hi_95: 1.5,
  score: 0.5,
  severity: "warning",
  reason: "",
  status: "past",
  first_seen: null,
  notified_at: null,
  ...given,
});

test("rows under one alert are one incident, told by its most unusual row", () => {
  const [incident, ...others] = incidentsOf([
    anomaly("a", 2, { score: 0.1, series: "t" }),
    anomaly("a", 1, { score: 0.9, severity: "critical" }),
    anomaly("a", 3, { status: "open" }),
  ]);
  expect(others).toEqual([]);
  expect(incident).toMatchObject({
    alertId: "a",
    from: 1,
    to: 3,
    severity: "critical",
    status: "open",
    series: ["s", "t"],
  });
  expect(incident?.main.time).toBe(1);
});

test("the newest incident comes first", () => {
  expect(
    incidentsOf([anomaly("a", 1), anomaly("b", 5), anomaly("c", 3)]).map(({ alertId }) => alertId),
  ).toEqual(["b", "c", "a"]);
});

test("neighbours are near in time, nearest first, and not the incident itself", () => {
  const all = incidentsOf([anomaly("a", 10), anomaly("b", 12), anomaly("c", 11), anomaly("d", 20)]);
  const [a] = all.filter(({ alertId }) => alertId === "a");
  expect(a && neighbours(a, all, 3).map(({ alertId }) => alertId)).toEqual(["c", "b"]);
});

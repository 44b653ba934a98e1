import { expect, test } from "vitest";
import { exploreQuery, parseExplore } from "../../src/explore/query";
import { hrefOf, parseHash, type Route } from "../../src/route";

test("every page has an address, and the address leads to it", () => {
  const routes: Route[] = [
    { page: "overview" },
    { page: "models" },
    { page: "runs" },
    { page: "dataset", dataset: "nyc311", tab: "explore" },
    { page: "dataset", dataset: "a b/c", tab: "tables" },
    { page: "anomaly", dataset: "nyc311", alertId: "nyc311-anomaly-90f225b88e84ae02" },
  ];
  for (const route of routes) expect(parseHash(hrefOf(route)).route).toEqual(route);
});

test("the address in an alert stays as it is", () => {
  const route: Route = { page: "anomaly", dataset: "nyc311", alertId: "nyc311-anomaly-1" };
  expect(hrefOf(route)).toBe("#/datasets/nyc311/anomalies/nyc311-anomaly-1");
});

test("addresses of nothing are known as such", () => {
  for (const hash of [
    "#/nowhere",
    "#/datasets",
    "#/datasets/a/b",
    "#/models/x",
    "#/datasets/a/anomalies/b/c",
    "#/%E0%A4%A",
  ]) {
    expect(parseHash(hash).route.page).toBe("unknown");
  }
});

test("a choice survives the address, a missing value and odd characters included", () => {
  const choice = {
    mart: "daily",
    measure: "sales",
    range: "90d",
    from: null,
    to: null,
    page: 3,
    filters: new Map([
      ["shop", "A & B = 100 %"],
      ["item", null],
    ]),
    sort: { column: "sales", descending: true },
  };
  expect(parseExplore(new URLSearchParams(exploreQuery(choice).toString()))).toEqual(choice);
});

test("a page number that is none is the first", () => {
  for (const page of ["0", "-1", "x", "1.5"])
    expect(parseExplore(new URLSearchParams({ page })).page).toBe(1);
});

import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { ANY_ANOMALY, expect, goTo, keepScreenshot, scrollThrough, test } from "../support/site";

async function datasetNames(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const catalog = await (await fetch("published/catalog.json")).json();
    return catalog.datasets.map((dataset: { name: string }) => dataset.name);
  });
}

test.afterEach(({ console_ }) => {
  // Among files there is no API; the browser says so by itself.
  expect(console_.problems.filter((text) => !/404.*\/v1\//.test(text))).toEqual([]);
});

test("the overview shows every dataset with its figure and how it stands", async ({ page, site }) => {
  await page.goto(site.address);
  const cards = page.locator(".dataset-card");
  const names = await datasetNames(page);
  await expect(cards).toHaveCount(names.length);
  for (const name of names) {
    const card = cards.filter({ has: page.getByText(name, { exact: true }) });
    await expect(card.locator(".figure strong")).toHaveText(/\d/);
    await expect(card.getByText("exact")).toBeVisible();
    await expect(card.locator(".sparkline-line")).toHaveAttribute("d", /^M/);
  }
  await expect(page.getByText("Every row is accounted for")).toBeVisible();
  await expect(page.locator(".incident").first()).toBeVisible();
  await keepScreenshot(page, "overview");
});

test("every mart of every dataset has figures and rows", async ({ page, site, host }) => {
  test.skip(host === "files", "it takes longest, and reads nothing that other tests do not read there");
  test.setTimeout(300_000);
  await page.goto(site.address);
  for (const name of await datasetNames(page)) {
    await page.goto(`${site.address}/#/datasets/${name}`);
    const marts = page.getByRole("group", { name: "Mart" }).getByRole("button");
    await expect(marts.first()).toBeVisible();
    for (let index = 0; index < (await marts.count()); index++) {
      await marts.nth(index).click();
      await expect(marts.nth(index)).toHaveAttribute("aria-pressed", "true");
      await expect(page.locator(".figure-value").first()).toHaveText(/\d/);
      await scrollThrough(page);
      await expect(
        page
          .locator("section", { has: page.getByRole("heading", { name: "Rows" }) })
          .locator("tbody tr")
          .first(),
      ).toBeVisible();
      await expect(page.locator(".note-error")).toHaveCount(0);
    }
  }
});

test("the figures of a page are those of the file", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/restaurant?mart=daily_revenue&range=all`);
  const revenue = page.locator(".figure-tile", { hasText: "Revenue" }).locator(".figure-value");
  const shown = await revenue.getAttribute("title");
  await scrollThrough(page);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const stream = await (await download).createReadStream();
  const text = (await stream.toArray()).map(String).join("");
  const [head, ...rows] = text.trimEnd().split("\r\n");
  const position = head?.split(",").indexOf("revenue") ?? -1;
  const sum = rows.reduce((all, row) => all + Number(row.split(",")[position]), 0);
  expect(rows.length).toBeGreaterThan(50);
  expect(shown).toBe(new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 }).format(sum));
});

test("a series is shown with its forecast, and one without a choice with their sum", async ({
  page,
  site,
}) => {
  await page.goto(`${site.address}/#/datasets/nyc311`);
  await expect(page.locator(".line-actual")).toHaveAttribute("d", /^M/);
  await expect(page.getByText(/Expected is the sum of \d+ series/)).toBeVisible();
  await expect(page.locator(".band-95")).toHaveAttribute("d", "");
  await keepScreenshot(page, "dataset");
  await page.locator(".bar-row", { hasText: "BROOKLYN" }).click();
  await page.locator(".bar-row", { hasText: "Noise - Residential" }).click();
  await expect(page.locator(".band-95")).toHaveAttribute("d", /^M/);
  await keepScreenshot(page, "dataset-series");
});

test("hours and weekdays are a table that can be read without colours", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/restaurant`);
  await scrollThrough(page);
  const heat = page.locator(".heat table");
  await expect(heat.locator("tbody tr")).toHaveCount(7);
  await expect(heat.locator("tbody tr").first().locator("td")).toHaveCount(24);
  await expect(heat.locator("tbody tr").nth(4).locator("td").nth(19)).toHaveText(/\d/);
});

test("an anomaly says what, where, what was expected, since when, and what is beside it", async ({
  page,
  site,
}) => {
  await page.goto(`${site.address}/#/datasets/nyc311/anomalies`);
  await page.locator(".incident").first().click();
  await expect(page).toHaveURL(/#\/datasets\/nyc311\/anomalies\/nyc311-anomaly-[0-9a-f]+$/);
  for (const text of ["Observed", "Expected", "Since", "Found"])
    await expect(page.getByText(text, { exact: true }).first()).toBeVisible();
  await expect(page.getByRole("heading", { name: "Neighbours" })).toBeVisible();
  await expect(page.locator(".mark-open").first()).toBeVisible();
  await keepScreenshot(page, "anomaly");
});

test("an incident of several values lists all of them", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/nyc311/anomalies`);
  await page.locator(".incident", { hasText: "more" }).first().click();
  await expect(page.getByRole("heading", { name: "All of it" })).toBeVisible();
});

test("models are told beside repeating the last season", async ({ page, site }) => {
  await page.goto(`${site.address}/#/models`);
  await expect(page.locator(".accuracy").first()).toBeVisible();
  await expect(page.locator(".error-bars").first().getByText("last season")).toBeVisible();
  await expect(page.locator(".coverage .figure-value").first()).toHaveText(/%/);
  await page.locator("summary", { hasText: "By series" }).first().click();
  await expect(page.locator(".table tbody tr").first()).toBeVisible();
  await keepScreenshot(page, "models");
});

test("tables and rules of a dataset are listed", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/nyc311/tables`);
  await expect(page.locator(".balance").first()).toContainText("came in");
  await expect(page.getByText("unique_key_is_integer")).toBeVisible();
  await expect(page.locator("tr", { hasText: "silver/nyc311/requests" }).first()).toBeVisible();
  await keepScreenshot(page, "tables");
});

test("addresses of nothing say so", async ({ page, site }) => {
  await page.goto(`${site.address}/#/somewhere`);
  await expect(page.getByRole("heading", { name: "No such page" })).toBeVisible();
  await page.goto(`${site.address}/#/datasets/nyc311/anomalies/no-such-alert`);
  await expect(page.getByText("There is no such anomaly")).toBeVisible();
});

test.describe("on a phone, in the dark", () => {
  test.use({ viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  test.skip(({ host }) => host === "files", "widths are the same, and there are no runs");

  const places: [string, string][] = [
    ["overview", "#/"],
    ["dataset", "#/datasets/nyc311"],
    ["anomalies", "#/datasets/nyc311/anomalies"],
    ["anomaly", ANY_ANOMALY],
    ["tables", "#/datasets/nyc311/tables"],
    ["models", "#/models"],
    ["runs", "#/runs"],
  ];
  for (const [name, place] of places) {
    test(`${name} fits into the width`, async ({ page, site }) => {
      await goTo(page, site, place);
      await expect(page.locator("h1")).toBeVisible();
      await keepScreenshot(page, `${name}-phone-dark`);
      const [content, width] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      expect(content).toBeLessThanOrEqual(width);
      const background = await page.evaluate(
        () => getComputedStyle(document.documentElement).backgroundColor,
      );
      expect(background).toBe("rgb(20, 20, 19)");
    });
  }
});

test("a dataset that nobody has seen before shows up without a change of code", async ({
  page,
  withChangedLake,
}) => {
  await withChangedLake(
    (published) => addDataset(published, "restaurant", "bakery"),
    async ({ address }) => {
      await page.goto(address);
      await page
        .locator(".dataset-card", { has: page.getByText("bakery", { exact: true }) })
        .getByRole("link")
        .click();
      await expect(page).toHaveURL(/#\/datasets\/bakery$/);
      await expect(page.locator(".line-actual")).toHaveAttribute("d", /^M/);
      await expect(page.locator(".band-95").first()).toHaveAttribute("d", /^M/);
      await expect(page.locator(".figure-value").first()).toHaveText(/\d/);
    },
  );
});

/** Publishes a copy of a dataset under another name. */
function addDataset(published: string, from: string, to: string): void {
  cpSync(join(published, from), join(published, to), { recursive: true });
  const renamed = (path: string) =>
    readFileSync(path, "utf8").replaceAll(`${from}/`, `${to}/`).replaceAll(`"${from}"`, `"${to}"`);
  for (const name of readdirSync(join(published, to), { recursive: true }).map(String)) {
    const path = join(published, to, name);
    if (name.endsWith(".json")) writeFileSync(path, renamed(path));
  }
  const catalog = JSON.parse(readFileSync(join(published, "catalog.json"), "utf8"));
  catalog.datasets.push({
    name: to,
    description: "A dataset of somebody else",
    path: `published/${to}/dataset.json`,
  });
  writeFileSync(join(published, "catalog.json"), JSON.stringify(catalog));
}

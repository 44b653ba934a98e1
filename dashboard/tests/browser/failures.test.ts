import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, keepScreenshot, test } from "../support/site";

// Answers that a page no longer waits for are still on their way when its test ends.
test.afterEach(({ page }) => page.unrouteAll({ behavior: "ignoreErrors" }));

test("a broken latest.json is told where it matters, and the rest works", async ({
  page,
  withChangedLake,
}) => {
  await withChangedLake(
    (published) =>
      writeFileSync(join(published, "restaurant/daily_revenue/latest.json"), '{"version": 1, "pa'),
    async ({ address }) => {
      await page.goto(address);
      const card = page.locator(".dataset-card", { has: page.getByText("restaurant", { exact: true }) });
      await expect(card.getByRole("alert")).toContainText(
        "published/restaurant/daily_revenue/latest.json is not JSON",
      );
      await expect(card.getByText("exact")).toBeVisible();
      await expect(page.locator(".dataset-card .figure strong")).toHaveCount(4);
      await keepScreenshot(page, "broken-latest");
      await page.goto(`${address}/#/datasets/restaurant?mart=hourly_orders`);
      await expect(page.locator(".figure-value").first()).toHaveText(/\d/);
    },
  );
});

test("a latest.json that leads out of published is not followed", async ({ page, withChangedLake }) => {
  await withChangedLake(
    (published) =>
      writeFileSync(
        join(published, "restaurant/daily_revenue/latest.json"),
        JSON.stringify({
          version: 1,
          path: "published/../../secret.parquet",
          rows: 1,
          bytes: 10,
          published_at: "2026-01-01T00:00:00Z",
        }),
      ),
    async ({ address }) => {
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`${address}/#/datasets/restaurant`);
      await expect(page.getByRole("alert")).toContainText("not as expected");
      expect(asked.filter((url) => url.includes("secret"))).toEqual([]);
    },
  );
});

test("a Parquet file that was cut off is told", async ({ page, withChangedLake }) => {
  await withChangedLake(
    (published) => {
      const latest = join(published, "nyc311/borough_daily/latest.json");
      const { path } = JSON.parse(String(readFileSync(latest)));
      truncateSync(join(published, "..", path), 1000);
    },
    async ({ address }) => {
      await page.goto(`${address}/#/datasets/nyc311?mart=borough_daily`);
      await expect(page.getByRole("alert")).toBeVisible();
      await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
    },
  );
});

test("a mart that is not published yet is told, and appears when it is", async ({ page, site }) => {
  let isThere = false;
  await page.route("**/restaurant/daily_revenue/latest.json", (route) =>
    isThere ? route.fallback() : route.fulfill({ status: 404, body: "" }),
  );
  await page.goto(`${site.address}/#/datasets/restaurant`);
  await expect(page.getByRole("alert")).toContainText("does not exist");
  isThere = true;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator(".figure-value").first()).toHaveText(/\d/);
});

test("a dataset that was never trained has no forecast, and nothing is amiss", async ({
  page,
  withChangedLake,
}) => {
  await withChangedLake(
    (published) => {
      for (const table of ["forecast", "forecast_accuracy", "anomalies"])
        rmSync(join(published, "restaurant", table), { recursive: true });
    },
    async ({ address }) => {
      await page.goto(`${address}/#/datasets/restaurant`);
      await expect(page.locator(".line-actual")).toHaveAttribute("d", /^M/);
      await expect(page.getByRole("alert")).toHaveCount(0);
      await page.goto(`${address}/#/datasets/restaurant/anomalies`);
      await expect(page.getByText("All as expected")).toBeVisible();
    },
  );
});

test("anomalies that could not be read are not taken for none", async ({ page, site }) => {
  const unanswered = "**/anomalies/latest.json";
  await page.route(unanswered, (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto(site.address);
  const latest = page.getByRole("region", { name: "Latest anomalies" });
  await expect(latest.getByRole("alert")).toContainText("anomalies/latest.json answered with HTTP 503");
  await expect(latest.getByText("All as expected")).toHaveCount(0);
  await page.unroute(unanswered);
  await latest.getByRole("button", { name: "Try again" }).click();
  await expect(latest.locator(".incident").first()).toBeVisible();
  await expect(latest.getByRole("alert")).toHaveCount(0);
});

test("anomalies of one dataset that could not be read are told beside those of the others", async ({
  page,
  site,
}) => {
  await page.route("**/restaurant/anomalies/latest.json", (route) =>
    route.fulfill({ status: 503, body: "" }),
  );
  await page.goto(site.address);
  const latest = page.getByRole("region", { name: "Latest anomalies" });
  await expect(latest.getByRole("alert")).toContainText("The anomalies of restaurant could not be read");
  await expect(latest.locator(".incident").first()).toBeVisible();
});

test("what a bucket that may not be listed answers is taken for what is not there", async ({
  page,
  site,
}) => {
  await page.route(/\/restaurant\/(forecast|forecast_accuracy|anomalies)\/latest\.json/, (route) =>
    route.fulfill({
      status: 403,
      contentType: "application/xml",
      body: "<Error><Code>AccessDenied</Code></Error>",
    }),
  );
  await page.goto(`${site.address}/#/datasets/restaurant`);
  await expect(page.locator(".line-actual")).toHaveAttribute("d", /^M/);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a lake without datasets says how to fill it", async ({ page, site }) => {
  await page.route("**/published/catalog.json", (route) => route.fulfill({ json: { datasets: [] } }));
  await page.goto(site.address);
  await expect(page.getByText("No dataset yet")).toBeVisible();
});

test("a lake that is not there is told, and trying again helps", async ({ page, site }) => {
  await page.route("**/published/catalog.json", (route) => route.abort());
  await page.goto(site.address);
  await expect(page.getByRole("alert")).toContainText("cannot be reached");
  await page.unroute("**/published/catalog.json");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator(".dataset-card").first()).toBeVisible();
});

test("a host that knows no ranges works as well", async ({ page, site }) => {
  await page.route("**/*.parquet", async (route) => {
    const headers = { ...route.request().headers() };
    delete headers.range;
    await route.fulfill({ response: await route.fetch({ headers }) });
  });
  await page.goto(`${site.address}/#/datasets/nyc311`);
  await expect(page.locator(".line-actual")).toHaveAttribute("d", /^M/);
});

test("a range of which the browser's cache gives only the beginning is fetched anew", async ({
  page,
  site,
}) => {
  let cutOff = 0;
  await page.route("**/daily_requests/*.parquet", async (route) => {
    const response = await route.fetch();
    const whole = await response.body();
    const range = route.request().headers().range;
    if (cutOff > 0 || !range) return route.fulfill({ response, body: whole });
    cutOff += 1;
    return route.fulfill({ response, body: whole.subarray(0, whole.length / 2) });
  });
  await page.goto(`${site.address}/#/datasets/nyc311`);
  await expect(page.locator(".line-actual")).toHaveAttribute("d", /^M/);
  await expect(page.getByRole("alert")).toHaveCount(0);
  expect(cutOff).toBe(1);
});

test("on a slow network the page says that it goes on, and shows what it has", async ({ page, site }) => {
  await page.route("**/daily_revenue/latest.json", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await route.fallback();
  });
  await page.goto(site.address);
  const card = page.locator(".dataset-card", { has: page.getByText("restaurant", { exact: true }) });
  await expect(card.getByText("exact")).toBeVisible();
  await expect(card.getByText("The connection is slow")).toBeVisible({ timeout: 8000 });
  await keepScreenshotOfSlow(page);
  await expect(card.locator(".figure strong")).toHaveText(/\d/, { timeout: 15_000 });
});

async function keepScreenshotOfSlow(page: import("@playwright/test").Page): Promise<void> {
  await page.screenshot({ path: new URL("../../../target/dashboard/slow.png", import.meta.url).pathname });
}

test("without an API, pages that need it say so", async ({ page, site, host }) => {
  test.skip(host !== "files", "smelt serve has one");
  await page.goto(`${site.address}/#/runs`);
  await expect(page.getByText("Runs and uploads need the API")).toBeVisible();
  await page.goto(`${site.address}/#/models`);
  await expect(page.locator(".accuracy").first()).toBeVisible();
  await expect(page.getByText("The versions of models need the API")).toBeVisible();
});

import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { ANY_ANOMALY, expect, goTo, keepScreenshot, scrollThrough, test } from "../support/site";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

async function violations(page: Page): Promise<string[]> {
  const found: Violation[] = await page.evaluate(async () => {
    // @ts-expect-error axe is put into the page by the test.
    const result = await window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return result.violations;
  });
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
  );
}

const PAGES: [string, string][] = [
  ["overview", "#/"],
  ["dataset", "#/datasets/nyc311?f.borough=BROOKLYN"],
  ["dataset with hours", "#/datasets/restaurant"],
  ["anomalies", "#/datasets/nyc311/anomalies"],
  ["anomaly", ANY_ANOMALY],
  ["tables", "#/datasets/nyc311/tables"],
  ["models", "#/models"],
  ["runs", "#/runs"],
];

for (const scheme of ["light", "dark"] as const) {
  test.describe(`in ${scheme} colours`, () => {
    // The policy would keep the checker out of the page.
    test.use({ colorScheme: scheme, bypassCSP: true });

    for (const [name, place] of PAGES) {
      test(`${name}: title, language, contrast, labels, names and structure are right`, async ({
        page,
        site,
      }) => {
        await goTo(page, site, place);
        await expect(page.locator("h1")).toBeVisible();
        await expect(page.locator("h1")).toHaveCount(1);
        await expect(page.locator("main")).toHaveCount(1);
        await expect(page).toHaveTitle(/ · smelt$/);
        await expect(page.locator("html")).toHaveAttribute("lang", "en");
        await scrollThrough(page);
        await page.addScriptTag({ path: AXE });
        expect(await violations(page)).toEqual([]);
      });
    }
  });
}

test.describe("the form for a token or a key", () => {
  test.use({ bypassCSP: true });

  test("contrast, labels, names and structure are right", async ({ page, site }) => {
    await page.route("**/published/**", (route) => route.fulfill({ status: 401, body: "" }));
    await page.goto(site.address);
    await expect(page.getByLabel("Token or API key")).toBeVisible();
    await keepScreenshot(page, "token-form");
    await page.addScriptTag({ path: AXE });
    expect(await violations(page)).toEqual([]);
  });
});

test("a chart is read by keyboard, and its numbers are in a table", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/restaurant`);
  const chart = page.getByRole("slider");
  await chart.focus();
  await page.keyboard.press("Home");
  const first = await chart.getAttribute("aria-valuetext");
  expect(first).toMatch(/May 30, 2024.*\d/);
  await page.keyboard.press("ArrowRight");
  await expect(chart).toHaveAttribute("aria-valuetext", /May 31, 2024.*anomaly/);
  await expect(page.locator(".tip")).toBeVisible();
  await page.keyboard.press("End");
  await expect(chart).toHaveAttribute("aria-valuetext", /expected/);
  await page.locator("summary", { hasText: "Show the numbers" }).click();
  await expect(page.locator(".chart-table tbody tr")).not.toHaveCount(0);
});

test("Enter on an anomaly in a chart leads to it", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/restaurant`);
  await page.locator(".incident").first().waitFor();
  await page.getByRole("slider").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/anomalies\/restaurant-anomaly-/);
});

test("everything is reached by Tab, and where the focus is can be seen", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/restaurant`);
  await expect(page.locator(".figure-value").first()).toBeVisible();
  const reached = new Set<string>();
  for (let step = 0; step < 30; step++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const style = getComputedStyle(element);
      return {
        name: element.className || element.tagName,
        outline: `${style.outlineStyle} ${style.outlineWidth}`,
        text: element.textContent?.trim().slice(0, 20) ?? "",
      };
    });
    expect(focused.outline, `${focused.name} ${focused.text}`).toMatch(/(solid|auto) [1-9]/);
    reached.add(focused.name);
  }
  expect(reached).toContain("skip-link");
  expect(reached).toContain("chart-area");
});

test("the skip link leads to the content, and a new page moves the focus there", async ({ page, site }) => {
  await page.goto(site.address);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  await page.getByRole("link", { name: "Models", exact: true }).click();
  await expect(page.locator("h1")).toHaveText("Models");
  await expect(page.locator("main")).toBeFocused();
});

test("colours can be chosen, and stay", async ({ page, site }) => {
  await page.goto(site.address);
  await page.getByRole("button", { name: /^Colours: auto/ }).click();
  await page.getByRole("button", { name: /^Colours: light/ }).click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

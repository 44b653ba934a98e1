import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test as base, expect, type Page } from "@playwright/test";
import { copyOfLake, DASHBOARD, demoLake } from "./lake";
import { serveLake, startSmelt } from "./smelt_server";
import { serveFiles } from "./static_server";

export { expect };

const SCREENSHOTS = new URL("../../../target/dashboard/", import.meta.url).pathname;

/** What the dashboard is on: a plain host of files without an API, or `smelt serve`. */
export type Host = "files" | "smelt serve";

export interface Site {
  address: string;
  close: () => Promise<void>;
}

export interface ConsoleLog {
  /** What a page wrote as errors and warnings, and what it threw. */
  problems: string[];
}

interface Fixtures {
  console_: ConsoleLog;
  /** The same host on a copy of what is published in the demo lake, after a change. */
  withChangedLake: (change: (published: string) => void, run: (site: Site) => Promise<void>) => Promise<void>;
}

export interface WorkerFixtures {
  /** Each project of `playwright.config.ts` has one. */
  host: Host;
  /** The demo lake and the dashboard on the host. */
  site: Site;
}

/** A test with the dashboard on a host. It can ask for what the page wrote as errors. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  host: ["files", { option: true, scope: "worker" }],
  site: [
    async ({ host }, use) => {
      const site = host === "files" ? await serveFiles(DASHBOARD, demoLake()) : await startSmelt();
      await use(site);
      await site.close();
    },
    { scope: "worker" },
  ],
  console_: async ({ page }, use) => {
    const problems: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()))
        problems.push(`${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    await use({ problems });
  },
  withChangedLake: async ({ host }, use) => {
    await use(async (change, run) => {
      const { lake, remove } = copyOfLake("published");
      try {
        change(join(lake, "published"));
        const site = host === "files" ? await serveFiles(DASHBOARD, lake) : await serveLake(lake);
        await run(site).finally(site.close);
      } finally {
        remove();
      }
    });
  },
});

/** The place of an anomaly, whichever it is; the tests know no names of anomalies. */
export const ANY_ANOMALY = "#/datasets/nyc311/anomalies/<id>";

/** Goes to a place of the dashboard. */
export async function goTo(page: Page, site: Site, place: string): Promise<void> {
  if (place !== ANY_ANOMALY) {
    await page.goto(`${site.address}/${place}`);
    return;
  }
  await page.goto(`${site.address}/#/datasets/nyc311/anomalies`);
  await page.locator(".incident").first().click();
  await expect(page.getByRole("heading", { name: "Where and when" })).toBeVisible();
}

/** Keeps a picture of a page as an artefact. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await scrollThrough(page);
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Comes near everything, until all that is loaded when it is seen is loaded. */
export async function scrollThrough(page: Page): Promise<void> {
  await expect(async () => {
    await page.evaluate(async () => {
      for (let y = 0; y < document.body.scrollHeight; y += 500) {
        scrollTo(0, y);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      scrollTo(0, 0);
    });
    await expect(page.locator(".skeleton")).toHaveCount(0, { timeout: 1000 });
  }).toPass({ timeout: 15_000 });
}

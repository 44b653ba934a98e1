import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect, type Page } from "@playwright/test";
import { type StaticServer, serveFiles } from "./static_server";

export { expect };

const DASHBOARD = new URL("../../dist/", import.meta.url).pathname;
const SCREENSHOTS = new URL("../../../target/dashboard/", import.meta.url).pathname;

/** The demo lake that the tests read. */
export function demoLake(): string {
  const lake = process.env.DASHBOARD_LAKE;
  if (!lake || !existsSync(join(lake, "published/catalog.json"))) {
    throw new Error(
      "DASHBOARD_LAKE names no lake with published/catalog.json; `make test-dashboard` makes one",
    );
  }
  if (!existsSync(join(DASHBOARD, "index.html")))
    throw new Error("dashboard/dist is missing; `make dashboard` builds it");
  return lake;
}

export interface ConsoleLog {
  /** What a page wrote as errors and warnings, and what it threw. */
  problems: string[];
}

interface Fixtures {
  console_: ConsoleLog;
}

interface WorkerFixtures {
  /** A plain host of files: the demo lake and the dashboard, no API. */
  site: StaticServer;
}

/** A test with the dashboard on a plain host. It fails if the page writes an error that it did not expect. */
export const test = base.extend<Fixtures, WorkerFixtures>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern
    async ({}, use) => {
      const server = await serveFiles(DASHBOARD, demoLake());
      await use(server);
      await server.close();
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
});

/** A copy of what is published in the demo lake, to be changed. */
export async function withChangedLake(
  change: (published: string) => void,
  run: (server: StaticServer) => Promise<void>,
) {
  const lake = mkdtempSync(join(tmpdir(), "smelt-dashboard-"));
  cpSync(join(demoLake(), "published"), join(lake, "published"), { recursive: true });
  change(join(lake, "published"));
  const server = await serveFiles(DASHBOARD, lake);
  try {
    await run(server);
  } finally {
    await server.close();
    rmSync(lake, { recursive: true });
  }
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

import { defineConfig } from "@playwright/test";
import type { WorkerFixtures } from "./tests/support/site";

export default defineConfig<object, WorkerFixtures>({
  testDir: "tests/browser",
  // Screenshots and traces of failures; CARGO's target folder is not committed.
  outputDir: "../target/dashboard/results",
  timeout: 30_000,
  workers: 1,
  forbidOnly: true,
  reporter: [["list"]],
  projects: [
    // Pages and failures are the same on both hosts; the rest needs one of them.
    { name: "files", use: { host: "files" }, testIgnore: ["**/served.test.ts", "**/access.test.ts"] },
    {
      name: "smelt serve",
      use: { host: "smelt serve" },
      testIgnore: ["**/accessibility.test.ts", "**/api.test.ts"],
    },
  ],
  use: {
    browserName: "chromium",
    viewport: { width: 1360, height: 900 },
    locale: "en-US",
    timezoneId: "Europe/Berlin",
    screenshot: "only-on-failure",
    launchOptions: {
      // The distribution's browser: nothing is downloaded by a script of a package.
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});

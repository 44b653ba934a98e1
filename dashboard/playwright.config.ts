import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests/browser",
  // Screenshots and traces of failures; CARGO's target folder is not committed.
  outputDir: "../target/dashboard/results",
  timeout: 30_000,
  workers: 1,
  forbidOnly: true,
  reporter: [["list"]],
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

import { expect, keepScreenshot, test } from "../support/site";
import { type SmeltServer, startSmelt } from "../support/smelt_server";

// The dashboard on `smelt serve`, with the real API.

let served: SmeltServer;

test.beforeAll(async () => {
  test.setTimeout(60_000);
  served = await startSmelt();
});

test.afterAll(async () => {
  await served?.close();
});

test("the overview comes from the lake, under the strict policy, without a complaint", async ({
  page,
  console_,
}) => {
  const response = await page.goto(served.address);
  expect(response?.headers()["content-security-policy"]).toContain("default-src 'self'");
  await expect(page.locator(".dataset-card .sparkline-line")).toHaveCount(
    await page.locator(".dataset-card").count(),
  );
  await expect(page.locator(".skeleton")).toHaveCount(0);
  expect(console_.problems).toEqual([]);
});

test("a file that is dropped goes all the way to published marts", async ({ page, console_ }) => {
  test.setTimeout(120_000);
  await page.goto(`${served.address}/#/runs`);
  await page.getByLabel("Into").selectOption("nyc311.requests");
  const rows = Array.from(
    { length: 40 },
    (_, row) => `${900_000_000 + row},2024-12-30T10:${10 + row}:00.000,NYPD,Illegal Parking,BROOKLYN`,
  );
  const text = [
    "unique_key,created_date,agency,complaint_type,borough",
    ...rows,
    "not a number,2024-12-30T10:00:00.000,NYPD,Noise,BRONX",
  ].join("\n");
  await page
    .getByLabel("Files to upload")
    .setInputFiles({ name: "dropped.csv", mimeType: "text/csv", buffer: Buffer.from(`${text}\n`) });
  const mine = page.getByRole("list", { name: "Uploads of this visit" });
  await expect(mine).toContainText("dropped.csv");
  await expect(mine.getByRole("status")).toContainText("published", { timeout: 90_000 });
  await expect(mine).toContainText("41 rows");
  await expect(mine).toContainText("1 refused");
  await expect(page.locator(".runs .run").first()).toBeVisible();
  await keepScreenshot(page, "runs");
  await page.goto(
    `${served.address}/#/datasets/nyc311?range=30d&f.complaint_type=Illegal+Parking&f.borough=BROOKLYN`,
  );
  await expect(page.locator(".figure-value").first()).toHaveText(/\d/);
  expect(console_.problems).toEqual([]);
});

test("while a file is sent, the page says how much of it has gone", async ({ page }) => {
  test.setTimeout(60_000);
  await page.goto(`${served.address}/#/runs`);
  await page.getByLabel("Into").selectOption("nyc311.requests");
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: 100_000,
  });
  const row = (number: number) =>
    `${920_000_000 + number},2024-12-30T11:00:00.000,NYPD,Illegal Parking,BROOKLYN`;
  const rows = Array.from({ length: 6000 }, (_, number) => row(number));
  const text = ["unique_key,created_date,agency,complaint_type,borough", ...rows].join("\n");
  await page
    .getByLabel("Files to upload")
    .setInputFiles({ name: "slow.csv", mimeType: "text/csv", buffer: Buffer.from(`${text}\n`) });
  const status = page.getByRole("list", { name: "Uploads of this visit" }).getByRole("status");
  await expect(status).toContainText(/being sent, [1-9]\d?(\.\d)?%/);
  await expect(status).not.toContainText("being sent", { timeout: 30_000 });
});

test("a file of a foreign kind is refused, and the page says why", async ({ page }) => {
  test.setTimeout(60_000);
  await page.goto(`${served.address}/#/runs`);
  await page.getByLabel("Into").selectOption("nyc311.requests");
  await page
    .getByLabel("Files to upload")
    .setInputFiles({ name: "photo.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ") });
  await expect(page.locator(".upload-problem")).toHaveText(/\w/, { timeout: 30_000 });
});

test("the registry of models is listed", async ({ page, console_ }) => {
  await page.goto(`${served.address}/#/models`);
  const registry = page.getByRole("region", { name: "Versions of models" });
  await expect(registry.getByText("production").first()).toBeVisible();
  await keepScreenshot(page, "registry");
  expect(console_.problems).toEqual([]);
});

import { expect, scrollThrough, test } from "../support/site";

test("what is chosen is in the address, and an address brings it back", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/nyc311`);
  await page.getByRole("combobox", { name: "Borough" }).selectOption("QUEENS");
  await expect(page).toHaveURL(/f\.borough=QUEENS/);
  await page.getByRole("group", { name: "Period" }).getByRole("button", { name: "30 days" }).click();
  await expect(page).toHaveURL(/range=30d/);
  await page.getByRole("combobox", { name: "Figure" }).selectOption("closed");
  await expect(page).toHaveURL(/measure=closed/);
  const figure = await page.locator('.figure-tile[aria-pressed="true"] .figure-value').textContent();

  const other = await page.context().newPage();
  await other.goto(page.url());
  await expect(other.getByRole("combobox", { name: "Borough" })).toHaveValue("QUEENS");
  await expect(other.locator('.figure-tile[aria-pressed="true"] .figure-value')).toHaveText(figure ?? "");
  await expect(
    other.getByRole("group", { name: "Period" }).getByRole("button", { name: "30 days" }),
  ).toHaveAttribute("aria-pressed", "true");
});

test("Back takes the last choice back", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/nyc311`);
  const figure = page.locator(".figure-value").first();
  await expect(figure).toHaveText(/\d/);
  const before = await figure.textContent();
  await page.getByRole("combobox", { name: "Borough" }).selectOption("BRONX");
  await expect(figure).not.toHaveText(before ?? "");
  await page.goBack();
  await expect(figure).toHaveText(before ?? "");
  await expect(page.getByRole("combobox", { name: "Borough" })).toHaveValue("\u0000");
});

test("days can be chosen", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/restaurant`);
  await page.getByLabel("From").fill("2024-06-01");
  await page.getByLabel("From").blur();
  await expect(page).toHaveURL(/from=2024-06-01/);
  await expect(page.locator(".course .card-header")).toContainText("Jun 1");
});

test("rows are sorted and paged by the address", async ({ page, site }) => {
  await page.goto(`${site.address}/#/datasets/nyc311?mart=borough_daily`);
  await scrollThrough(page);
  const rows = page.locator("section", { has: page.getByRole("heading", { name: "Rows" }) });
  await rows.getByRole("button", { name: "Requests", exact: true }).click();
  await expect(page).toHaveURL(/sort=-requests/);
  await expect(rows.locator("th", { hasText: "Requests" })).toHaveAttribute("aria-sort", "descending");
  const numbers = async () =>
    (await rows.locator("tbody tr td:nth-child(3)").allTextContents()).map((text) =>
      Number(text.replaceAll(",", "")),
    );
  await expect.poll(async () => (await numbers()).length).toBe(25);
  const first = await numbers();
  expect(first).toEqual([...first].sort((a, b) => b - a));
  await rows.getByRole("button", { name: "Next" }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect.poll(async () => (await numbers())[0]).toBeLessThanOrEqual(first.at(-1) ?? 0);
  await expect(rows.getByText(/26–50 of/)).toBeVisible();
});

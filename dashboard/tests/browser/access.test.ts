import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/site";
import { type SmeltServer, startSmelt } from "../support/smelt_server";

// The dashboard on a `smelt serve` that asks who is there.

const READER = "a-key-that-may-read";
const UPLOADER = "a-key-that-may-upload";
const SECRET = "a secret of thirty-two bytes, at least";
const ISSUER = "https://login.example.com";

let folder: string;
let withKeys: SmeltServer;
let withTokens: SmeltServer;

test.beforeAll(async () => {
  test.setTimeout(60_000);
  folder = mkdtempSync(join(tmpdir(), "smelt-access-"));
  const entry = (key: string, role: string) => ({
    name: role,
    role,
    sha256: createHash("sha256").update(key).digest("hex"),
  });
  const keys = join(folder, "keys.json");
  writeFileSync(keys, JSON.stringify([entry(READER, "reader"), entry(UPLOADER, "uploader")]));
  const secret = join(folder, "secret");
  writeFileSync(secret, SECRET);
  withKeys = await startSmelt("--api-keys", keys);
  const tokens = ["--jwt-issuer", ISSUER, "--jwt-audience", "smelt", "--jwt-secret", secret];
  withTokens = await startSmelt("--api-keys", keys, ...tokens);
});

test.afterAll(async () => {
  await withKeys?.close();
  await withTokens?.close();
  rmSync(folder, { recursive: true });
});

/** A token as an issuer gives it out. */
function token(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: ISSUER, aud: "smelt", sub: "somebody", iat: now, exp: now + 600 };
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part({ ...usual, ...claims })}`;
  return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
}

async function give(page: Page, credential: string): Promise<void> {
  await page.getByLabel("Token or API key").fill(credential);
  await page.getByRole("button", { name: "Go on" }).click();
}

test("the overview asks for a key, says what is wrong with one, and comes with the right one", async ({
  page,
}) => {
  const addresses: string[] = [];
  page.on("request", (request) => addresses.push(request.url()));
  await page.goto(withKeys.address);
  await expect(page.getByRole("alert")).toContainText("nobody is named: send an API key");
  await give(page, "another key");
  // A header could not hold it, so the field does not take it.
  await expect(page.getByLabel("Token or API key")).toHaveJSProperty("validity.valid", false);
  await give(page, "another-key");
  await expect(page.getByRole("alert")).toContainText("the key in X-Api-Key is not known");
  await give(page, ` ${READER} `);
  const cards = page.locator(".dataset-card");
  await expect(cards.first()).toBeVisible();
  await expect(page.locator(".dataset-card .sparkline-line")).toHaveCount(await cards.count());
  await expect(page.getByLabel("Token or API key")).toHaveCount(0);
  await expect(page.locator(".incident").first()).toBeVisible();

  // It holds for the tab, also after a reload, and stands in no address and not on the disk.
  await page.reload();
  await expect(page.locator(".dataset-card .sparkline-line")).toHaveCount(await cards.count());
  expect(addresses.filter((address) => address.includes("key-that") || address.includes("another"))).toEqual(
    [],
  );
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(READER);
});

test("a link to a page asks for the key in place, and the page comes", async ({ page }) => {
  await page.goto(`${withKeys.address}/#/datasets/nyc311?f.borough=BROOKLYN`);
  await give(page, READER);
  await expect(page.locator(".line-actual")).toHaveAttribute("d", /^M/);
  await expect(page.getByRole("combobox", { name: "Borough" })).toHaveValue("BROOKLYN");
  await page.goto(`${withKeys.address}/#/models`);
  await expect(page.locator(".accuracy").first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Versions of models" })).toBeVisible();
});

test("runs and uploads ask once, and a file is sent with a key", async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`${withKeys.address}/#/runs`);
  await expect(page.getByLabel("Token or API key")).toHaveCount(1);
  await give(page, UPLOADER);
  await expect(page.locator(".runs .run").first()).toBeVisible();
  await page.getByLabel("Into").selectOption("nyc311.requests");
  const text =
    "unique_key,created_date,agency,complaint_type,borough\n910000001,2024-12-30T10:00:00.000,NYPD,Noise,BRONX\n";
  await page
    .getByLabel("Files to upload")
    .setInputFiles({ name: "with-key.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  const mine = page.getByRole("list", { name: "Uploads of this visit" });
  await expect(mine.getByRole("status")).toContainText("published", { timeout: 90_000 });
});

test("who may read and not upload sees the runs, and is told which role is missing", async ({ page }) => {
  await page.goto(`${withKeys.address}/#/runs`);
  await give(page, READER);
  await expect(page.locator(".runs .run").first()).toBeVisible();
  await expect(page.getByText("this needs the role uploader, and yours is reader")).toBeVisible();
  await give(page, UPLOADER);
  await expect(page.getByLabel("Token or API key")).toHaveCount(0);
});

test("a token is taken as well, and one that has expired says so", async ({ page }) => {
  await page.goto(withTokens.address);
  const past = Math.floor(Date.now() / 1000) - 3600;
  await give(page, token({ roles: ["reader"], exp: past }));
  await expect(page.getByRole("alert")).toContainText("the token has expired");
  await give(page, token({ roles: ["reader"] }));
  await expect(page.locator(".dataset-card .sparkline-line").first()).toBeVisible();
});

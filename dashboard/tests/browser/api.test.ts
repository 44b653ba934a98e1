import type { Page, Route } from "@playwright/test";
import { expect, keepScreenshot, test } from "../support/site";

const ID = "nyc311/requests/new.csv";
const FILE = {
  name: "new.csv",
  mimeType: "text/csv",
  buffer: Buffer.from("unique_key,created_date\n1,2024-01-01\n"),
};

function progress(stage: string, given: Record<string, unknown> = {}) {
  return {
    upload: ID,
    dataset: "nyc311",
    table: "requests",
    key: `landing/${ID}`,
    bytes: FILE.buffer.length,
    stage,
    bytes_done: null,
    rows: null,
    rows_malformed: null,
    rows_refused: null,
    problem: null,
    is_done: false,
    ...given,
  };
}

const DONE = progress("published", { rows: 1, rows_malformed: 0, rows_refused: 0, is_done: true });
const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

interface Fake {
  /** What each look at the stream answers, one after the other. */
  streams: string[];
  put: string[];
  /** Headers with which an upload was announced. */
  headers: Record<string, string>[];
}

/** An API that takes one file. */
async function fakeApi(page: Page, streams: string[]): Promise<Fake> {
  const fake: Fake = { streams, put: [], headers: [] };
  const json =
    (body: unknown, status = 200) =>
    (route: Route) =>
      route.fulfill({ status, json: body as object });
  await page.route("**/v1/runs?*", json({ runs: [] }));
  await page.route("**/v1/uploads", json({ uploads: [DONE] }));
  await page.route("**/v1/uploads/the-upload", json(progress("waiting")));
  await page.route("**/v1/datasets/*/uploads", (route) => {
    fake.headers.push(route.request().headers());
    return route.fulfill({
      status: 201,
      json: {
        upload: ID,
        method: "PUT",
        url: "/put/here?signature=1",
        headers: { "Content-Type": "text/csv", "x-amz-meta-of": "test" },
        expires_at: "2030-01-01T00:00:00Z",
        watch: "/v1/uploads/the-upload",
        events: "/v1/uploads/the-upload/events",
      },
    });
  });
  await page.route("**/put/here?signature=1", (route) => {
    fake.put.push(
      `${route.request().method()} ${route.request().headers()["x-amz-meta-of"]} ${route.request().postData()}`,
    );
    return route.fulfill({ status: 200 });
  });
  await page.route("**/v1/uploads/the-upload/events", (route) =>
    route.fulfill({
      headers: { "Content-Type": "text/event-stream" },
      body: fake.streams.shift() ?? event("done", DONE),
    }),
  );
  return fake;
}

const input = (page: Page) => page.getByLabel("Files to upload");
const mine = (page: Page) => page.getByRole("list", { name: "Uploads of this visit" });

test("a file is sent as the API says, and watched to its end", async ({ page, site }) => {
  // The first stream ends early, as it may on AWS; the next one is taken up.
  const fake = await fakeApi(page, [
    event("progress", progress("reading", { bytes_done: 10 })),
    event("progress", progress("silver", { rows: 1 })) + event("done", DONE),
  ]);
  await page.goto(`${site.address}/#/runs`);
  await page.getByLabel("Into").selectOption("nyc311.requests");
  await input(page).setInputFiles(FILE);
  await expect(mine(page).getByRole("status")).toContainText("published", { timeout: 10_000 });
  await expect(mine(page)).toContainText("1 row");
  expect(fake.put).toEqual([`PUT test ${FILE.buffer}`]);
  expect(fake.streams).toEqual([]);
  await keepScreenshot(page, "upload");
});

test("a file can be dropped", async ({ page, site }) => {
  await fakeApi(page, []);
  await page.goto(`${site.address}/#/runs`);
  await expect(page.locator(".drop")).toBeVisible();
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["a,b\n1,2\n"], "dropped.csv", { type: "text/csv" }));
    return data;
  });
  await page.dispatchEvent(".drop", "drop", { dataTransfer: transfer });
  await expect(mine(page)).toContainText("dropped.csv");
});

test("a file that is refused says why", async ({ page, site }) => {
  await fakeApi(page, [
    event("done", progress("refused", { problem: "none of its columns is known", is_done: true })),
  ]);
  await page.goto(`${site.address}/#/runs`);
  await input(page).setInputFiles(FILE);
  await expect(mine(page)).toContainText("none of its columns is known");
});

test("a file whose content was there already says so", async ({ page, site }) => {
  const note = "the same content was there already";
  await fakeApi(page, [event("done", progress("published", { note, is_done: true }))]);
  await page.goto(`${site.address}/#/runs`);
  await input(page).setInputFiles(FILE);
  await expect(mine(page)).toContainText(note);
});

test("a file that the API does not want says why", async ({ page, site }) => {
  await fakeApi(page, []);
  await page.route("**/v1/datasets/*/uploads", (route) =>
    route.fulfill({
      status: 413,
      contentType: "application/problem+json",
      body: JSON.stringify({ title: "Too large", detail: "at most 5 GB can be uploaded" }),
    }),
  );
  await page.goto(`${site.address}/#/runs`);
  await input(page).setInputFiles(FILE);
  await expect(mine(page)).toContainText("at most 5 GB can be uploaded");
});

test("a file that was not taken says what the server says", async ({ page, site }) => {
  await fakeApi(page, []);
  await page.route("**/put/here?signature=1", (route) =>
    route.fulfill({
      status: 410,
      contentType: "application/problem+json",
      body: JSON.stringify({ title: "Gone", detail: "the address of this upload has expired" }),
    }),
  );
  await page.goto(`${site.address}/#/runs`);
  await input(page).setInputFiles(FILE);
  await expect(mine(page)).toContainText("the address of this upload has expired");
});

test("uploads are listed with their time, the newest first", async ({ page, site }) => {
  await fakeApi(page, []);
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const upload = (name: string, landed_at: string | null) => ({
    ...DONE,
    upload: name,
    key: name,
    landed_at,
  });
  await page.route("**/v1/uploads", (route) =>
    route.fulfill({
      json: {
        uploads: [upload("no-time.csv", null), upload("old.csv", ago(200)), upload("new.csv", ago(5))],
      },
    }),
  );
  await page.goto(`${site.address}/#/runs`);
  await expect(page.locator(".upload-name")).toHaveText([
    /^new\.csv.*5 minutes ago$/,
    /^old\.csv.*3 hours ago$/,
    /^no-time\.csv((?!ago).)*$/,
  ]);
});

test("what lies in the folder of no table is told, with where it may belong", async ({ page, site }) => {
  await fakeApi(page, []);
  const problem = "nyc311 has no table `reqests`: did you mean landing/nyc311/requests/?";
  await page.route("**/v1/uploads", (route) =>
    route.fulfill({ json: { uploads: [DONE], misplaced: [{ key: "landing/nyc311/reqests/", problem }] } }),
  );
  await page.goto(`${site.address}/#/runs`);
  const misplaced = page.getByRole("region", { name: "Misplaced files" });
  await expect(misplaced).toContainText("landing/nyc311/reqests/");
  await expect(misplaced).toContainText(problem);
  await page.route("**/v1/uploads", (route) => route.fulfill({ json: { uploads: [DONE], misplaced: [] } }));
  await page.reload();
  await expect(page.locator(".upload-name")).toHaveText(/new\.csv/);
  await expect(misplaced).toHaveCount(0);
});

for (const [kind, credential, header, sent] of [
  ["token", "aa.bb.cc", "authorization", "Bearer aa.bb.cc"],
  ["key", "secret", "x-api-key", "secret"],
] as const) {
  test(`an API that wants a ${kind} gets it, and keeps it no longer than the tab`, async ({ page, site }) => {
    const fake = await fakeApi(page, []);
    const ofFiles: Record<string, string>[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/published/")) ofFiles.push(request.headers());
    });
    await page.route("**/config.json", (route) =>
      route.fulfill({ json: { token_hint: "Ask the data team." } }),
    );
    await page.route("**/v1/uploads", (route) =>
      route.request().headers()[header] === sent
        ? route.fulfill({ json: { uploads: [] } })
        : route.fulfill({
            status: 401,
            contentType: "application/problem+json",
            body: JSON.stringify({ title: "Unauthorized", detail: "no token", request_id: "r1" }),
          }),
    );
    await page.goto(`${site.address}/#/runs`);
    await expect(page.getByText("Ask the data team.")).toBeVisible();
    await page.getByLabel("Token or API key").fill(credential);
    await page.getByRole("button", { name: "Go on" }).click();
    await expect(page.getByText("Nothing was uploaded yet")).toBeVisible();
    await input(page).setInputFiles(FILE);
    await expect.poll(() => fake.headers[0]?.[header]).toBe(sent);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(credential);
    // The host of the files asks nobody, so it is told nothing.
    expect(ofFiles.length).toBeGreaterThan(0);
    expect(ofFiles.filter((headers) => headers.authorization || headers["x-api-key"])).toEqual([]);
  });
}

test("an API at another place is asked there", async ({ page, site }) => {
  const asked: string[] = [];
  await page.route("**/config.json", (route) => route.fulfill({ json: { api: `${site.address}/stage/` } }));
  await page.route("**/stage/v1/**", (route) => {
    asked.push(new URL(route.request().url()).pathname);
    return route.fulfill({ json: { runs: [], uploads: [], models: [] } });
  });
  await page.goto(`${site.address}/#/runs`);
  await expect(page.getByText("Nothing ran yet")).toBeVisible();
  expect(asked.sort()).toEqual(["/stage/v1/runs", "/stage/v1/uploads"]);
});

test("an API that is down is told, and asked again", async ({ page, site }) => {
  await fakeApi(page, []);
  await page.route("**/v1/runs?*", (route) =>
    route.fulfill({
      status: 503,
      contentType: "application/problem+json",
      body: '{"title":"Overloaded","request_id":"r7"}',
    }),
  );
  await page.goto(`${site.address}/#/runs`);
  await expect(page.getByText("Overloaded")).toBeVisible();
  await expect(page.getByText("r7")).toBeVisible();
});

import { expect, test } from "vitest";
import { parseProblem } from "../../src/api/problem";
import { newestFirst, type UploadProgress, type UploadStage } from "../../src/api/uploads";
import { credentialHeader } from "../../src/credential";
import { fileNameOf } from "../../src/uploads/file_name";
import { stepsDone } from "../../src/uploads/stage_track";

test("a file is called as it was where it came from", () => {
  expect(fileNameOf("landing/shop/sales/0193a5c2d4e87f10a1b2c3d4e5f60718-may.csv")).toBe("may.csv");
  expect(fileNameOf("landing/shop/sales/may.csv")).toBe("may.csv");
  expect(fileNameOf("may.csv")).toBe("may.csv");
});

test("a file goes one way, and no step is counted before it is done", () => {
  const way: UploadStage[] = ["awaited", "waiting", "reading", "bronze", "silver", "gold", "published"];
  const done = way.map((stage) => stepsDone({ stage }));
  expect(done).toEqual([0, 1, 2, 4, 5, 6, 7]);
  expect(stepsDone({ stage: "interrupted" })).toBe(stepsDone({ stage: "reading" }));
});

test("the newest uploads come first, and those without a time last", () => {
  const upload = (name: string, landed_at?: string | null) => ({ upload: name, landed_at }) as UploadProgress;
  const given = [
    upload("no time"),
    upload("older", "2026-11-29T09:00:00+02:00"),
    upload("null", null),
    upload("newer", "2026-11-29T08:00:00Z"),
  ];
  expect(newestFirst(given).map((one) => one.upload)).toEqual(["newer", "older", "no time", "null"]);
});

test("a problem is read out of an answer of its kind only", () => {
  expect(parseProblem("application/problem+json", '{"detail":"too large"}')).toEqual({ detail: "too large" });
  expect(parseProblem("application/xml", "<Error/>")).toBeNull();
  expect(parseProblem("application/json", "{")).toBeNull();
  expect(parseProblem(null, "")).toBeNull();
});

test("a text of three parts is a token, and any other is an API key", () => {
  expect(credentialHeader("aa.bb.cc")).toEqual(["Authorization", "Bearer aa.bb.cc"]);
  for (const key of ["secret", "aa.bb", "aa..cc", ".bb.cc", "aa.bb.cc.dd", "aa.bb."])
    expect(credentialHeader(key)).toEqual(["X-Api-Key", key]);
});

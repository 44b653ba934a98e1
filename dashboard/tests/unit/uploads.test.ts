import { expect, test } from "vitest";
import type { UploadStage } from "../../src/api/uploads";
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

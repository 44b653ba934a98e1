import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCE = new URL("../../src/", import.meta.url).pathname;
const DATASETS = new URL("../../../datasets/", import.meta.url).pathname;

// Also what a server sends about an upload.
const ORDINARY_WORDS = ["events"];

test("no dataset is named in the code", () => {
  const names = readdirSync(DATASETS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !ORDINARY_WORDS.includes(entry.name))
    .map((entry) => entry.name);
  const files = readdirSync(SOURCE, { recursive: true })
    .map(String)
    .filter((file) => /\.tsx?$/.test(file));
  expect(names.length).toBeGreaterThan(0);
  expect(files.length).toBeGreaterThan(50);
  const naming = files.flatMap((file) => {
    const code = readFileSync(join(SOURCE, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    return names.filter((name) => new RegExp(`\\b${name}\\b`).test(code)).map((name) => `${file}: ${name}`);
  });
  expect(naming).toEqual([]);
});

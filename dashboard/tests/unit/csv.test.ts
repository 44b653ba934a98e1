import { expect, test } from "vitest";
import { csvTime, toCsv } from "../../src/analysis/csv";

test("cells are quoted where they must be, and missing ones are empty", () => {
  const text = toCsv(
    ["a", "b,c"],
    [
      ['x "y"', 1.5],
      [null, true],
      ["two\nlines", -3],
    ],
  );
  expect(text).toBe('a,"b,c"\r\n"x ""y""",1.5\r\n,true\r\n"two\nlines",-3\r\n');
});

test("what a spreadsheet would take for a formula stays a text", () => {
  expect(toCsv(["a"], [["=1+1"], ["@x"], ["-5 °C"]])).toBe("a\r\n'=1+1\r\n'@x\r\n'-5 °C\r\n");
});

test("times are written as they are in the data", () => {
  expect(csvTime(Date.parse("2024-06-28T19:30:00Z"), true)).toBe("2024-06-28T19:30:00");
  expect(csvTime(Date.parse("2024-06-28T00:00:00Z"), false)).toBe("2024-06-28");
});

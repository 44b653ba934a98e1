import { expect, test } from "vitest";
import { chooseMart, chooseMeasure, chooseRollUp, shapeOf } from "../../src/analysis/mart_shape";
import { column, dataset, figure, mart, series } from "../support/marts";

const daily = mart(
  "daily",
  ["date", "shop", "item"],
  [
    column("date", "DATE"),
    column("shop", "TEXT"),
    column("item", "TEXT"),
    figure("sales", "BIGINT", "sum"),
    figure("price", "DOUBLE", "mean"),
  ],
  series({ by: ["shop", "item"] }),
);

test("a mart that nobody has seen before is understood by its definition", () => {
  const shape = shapeOf(daily);
  expect(shape.time).toEqual({ column: "date", period: "day" });
  expect(shape.dimensions.map(({ name }) => name)).toEqual(["shop", "item"]);
  expect(shape.measures.map(({ name, putting }) => [name, putting])).toEqual([
    ["sales", "sum"],
    ["price", "mean"],
  ]);
});

test("months as text and years as numbers are times", () => {
  const monthly = shapeOf(
    mart("m", ["period", "city"], [column("period", "TEXT", "YYYY-MM"), column("city", "TEXT")]),
  );
  expect(monthly.time).toEqual({ column: "period", period: "month" });
  const yearly = shapeOf(
    mart("y", ["city", "fiscal_year"], [column("city", "TEXT"), column("fiscal_year", "INT")]),
  );
  expect(yearly.time).toEqual({ column: "fiscal_year", period: "year" });
});

test("a year beside a finer time is no dimension", () => {
  const shape = shapeOf(
    mart(
      "m",
      ["city", "fiscal_year", "month"],
      [column("city", "TEXT"), column("fiscal_year", "INT"), column("month", "TEXT")],
    ),
  );
  expect(shape.dimensions.map(({ name }) => name)).toEqual(["city"]);
});

test("hours and weekdays are found, also without a series", () => {
  const shape = shapeOf(
    mart(
      "p",
      ["month", "day_of_week", "hour"],
      [
        column("month", "TEXT"),
        column("day_of_week", "INT"),
        column("hour", "INT"),
        figure("n", "BIGINT", "sum"),
      ],
    ),
  );
  expect([shape.weekday, shape.hour]).toEqual(["day_of_week", "hour"]);
  expect(shape.dimensions).toEqual([]);
});

test("single things are counted, by all their texts but not by their number", () => {
  const shape = shapeOf(
    mart(
      "outliers",
      ["payment_id"],
      [
        column("payment_id", "TEXT"),
        column("paid_on", "DATE"),
        column("vendor", "TEXT"),
        figure("amount", "DECIMAL(18,2)", "sum"),
      ],
    ),
  );
  expect(shape.time?.column).toBe("paid_on");
  expect(shape.dimensions.map(({ name }) => name)).toEqual(["vendor"]);
  expect(shape.measures[0]).toMatchObject({ name: "rows", putting: "count" });
});

test("figures are put together as the definition says", () => {
  const columns = [
    column("date", "DATE"),
    figure("readers", "BIGINT", "level"),
    figure("stock", "BIGINT", "mean"),
    figure("code", "INT", "none"),
    column("hour", "INT"),
  ];
  const { measures } = shapeOf(mart("m", ["date"], columns));
  expect(measures.map(({ name, putting }) => [name, putting])).toEqual([
    ["readers", "level"],
    ["stock", "mean"],
  ]);
});

test("parts and changes are shown as percent", () => {
  const columns = [
    column("date", "DATE"),
    figure("share", "DOUBLE", "mean"),
    figure("wait_hours", "DOUBLE", "mean"),
    figure("x", "DOUBLE", "mean", "part of all"),
  ];
  expect(shapeOf(mart("m", ["date"], columns)).measures.map(({ unit }) => unit)).toEqual([
    "ratio",
    "hours",
    "ratio",
  ]);
});

test("a page begins with the mart that is forecast, and with its figure", () => {
  const other = mart("other", ["date"], [column("date", "DATE"), figure("n", "BIGINT", "sum")]);
  expect(chooseMart(dataset([other, daily]), null)?.name).toBe("daily");
  expect(chooseMart(dataset([other, daily]), "other")?.name).toBe("other");
  expect(chooseMart(dataset([other, daily]), "no such mart")?.name).toBe("daily");
  expect(chooseMeasure(shapeOf(daily), null).name).toBe("sales");
  expect(chooseMeasure(shapeOf(daily), "price").name).toBe("price");
});

test("a small chart is read from the smallest mart that adds up to the same", () => {
  const byShop = mart(
    "by_shop",
    ["date", "shop"],
    [column("date", "DATE"), column("shop", "TEXT"), figure("sales", "BIGINT", "sum")],
  );
  const sliding = mart(
    "sliding",
    ["date", "window"],
    [column("date", "DATE"), column("window", "TEXT"), figure("sales", "BIGINT", "sum")],
  );
  const shop = dataset([daily, byShop, sliding], { daily: 1000, by_shop: 10, sliding: 2 });
  expect(chooseRollUp(shop)?.name).toBe("by_shop");
});

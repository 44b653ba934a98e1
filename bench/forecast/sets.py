"""The sets that forecasts are measured on: training parts, and what came after them."""

import csv
import datetime
import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass
class Set:
    name: str
    frame: pd.DataFrame  # unique_id, ds, y with gaps as NaN, on a regular grid
    horizon: int
    windows: int
    freq: str  # as smelt has it
    pandas_freq: str
    season: int  # of the peers that take one
    seasons: list[int]  # of MSTL
    scoring: int  # by which MASE and Naive2 are scaled

    def cuts(self):
        """(training part, test part) of each window, the oldest first; windows do not overlap."""
        groups = self.frame.groupby("unique_id", sort=False)
        ahead = groups.cumcount(ascending=False)
        for window in reversed(range(self.windows)):
            end = window * self.horizon
            train = self.frame[ahead >= end + self.horizon]
            test = self.frame[(ahead >= end) & (ahead < end + self.horizon)]
            yield train.reset_index(drop=True), test.reset_index(drop=True)

    def hash(self):
        text = self.frame.to_csv(index=False) + f"{self.horizon} {self.windows}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def grid(frame, freq):
    """One row for every time from each series' first to its last."""
    whole = []
    for name, group in frame.groupby("unique_id", sort=False):
        times = pd.date_range(group.ds.min(), group.ds.max(), freq=freq)
        group = group.set_index("ds").y.reindex(times)
        whole.append(pd.DataFrame({"unique_id": name, "ds": times, "y": group.to_numpy(float)}))
    return pd.concat(whole, ignore_index=True)


def with_test_part(folder):
    parts = [pd.read_csv(folder / f"{part}.csv", parse_dates=["ds"]) for part in ("train", "test")]
    return pd.concat(parts).sort_values(["unique_id", "ds"], kind="stable")


def one_series(path, name):
    frame = pd.read_csv(path)
    frame.columns = ["ds", "y"]
    frame.insert(0, "unique_id", name)
    frame.ds = pd.to_datetime(frame.ds)
    return frame


def pizza_revenue(folder):
    """Revenue by day of the pizza place: orders, their lines and the price list."""
    def rows(name):
        with open(folder / name, newline="") as file:
            yield from csv.DictReader(file)

    prices = {row["PizzaID"]: float(row["Price"]) for row in rows("pizzas.csv")}
    days = {row["OrderID"]: datetime.datetime.strptime(row["Date"], "%d-%m-%Y") for row in rows("orders.csv")}
    revenue = Counter()
    for row in rows("order_details.csv"):
        revenue[days[row["OrderID"]]] += prices[row["PizzaID"]] * int(row["Quantity"])
    frame = pd.DataFrame(sorted(revenue.items()), columns=["ds", "y"])
    frame.y = frame.y.round(2)
    frame.insert(0, "unique_id", "pizza")
    return frame


def load(data: Path, names=None):
    series = data / "series"
    makers = {
        "m4_weekly": lambda: Set(
            "m4_weekly", grid(with_test_part(series / "m4_weekly"), "7D"), 13, 1, "W", "7D", 52, [52], 1),
        "nn5": lambda: Set(
            "nn5", grid(with_test_part(series / "nn5"), "D"), 56, 1, "D", "D", 7, [7, 365], 7),
        "noise_daily": lambda: Set(
            "noise_daily", grid(one_series(series / "derived_brooklyn_noise_daily_2023.csv", "noise"), "D"),
            14, 10, "D", "D", 7, [7], 7),
        "noise_hourly": lambda: Set(
            "noise_hourly", grid(one_series(series / "derived_brooklyn_noise_hourly_2023.csv", "noise"), "h"),
            24, 10, "h", "h", 24, [24, 168], 24),
        "pizza": lambda: Set(
            "pizza", grid(pizza_revenue(data / "restaurant" / "pizza_2015"), "D"), 7, 10, "D", "D", 7, [7], 7),
    }
    return [makers[name]() for name in (names or makers)]

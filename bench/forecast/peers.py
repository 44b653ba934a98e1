"""What statsforecast and Prophet forecast; kept by version and data, as they are slow."""

import json
import logging
import resource
import time
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd

LEVELS = [80, 95]
# AutoARIMA takes seconds a series: the first so many series of a set, and none of so many values.
ARIMA_SAMPLE = 40
ARIMA_VALUES = 3_000


def models(data):
    from statsforecast import models as sf

    season = data.season
    return {
        "SeasonalNaive": sf.SeasonalNaive(season_length=season),
        "AutoETS": sf.AutoETS(season_length=season),
        "AutoTheta": sf.AutoTheta(season_length=season),
        "DynamicOptimizedTheta": sf.DynamicOptimizedTheta(season_length=season),
        "MSTL": sf.MSTL(season_length=data.seasons),
        "AutoARIMA": sf.AutoARIMA(season_length=season if season <= 24 else 1),
    }


NAMES = ["SeasonalNaive", "AutoETS", "AutoTheta", "DynamicOptimizedTheta", "MSTL", "AutoARIMA", "Prophet"]


def takes_too_long(data, name):
    """A year of hours has AutoARIMA compute for hours."""
    return name == "AutoARIMA" and data.frame.unique_id.value_counts().max() > ARIMA_VALUES


def filled(frame):
    """These models take no gaps: bridged in a straight line."""
    y = frame.groupby("unique_id", sort=False).y.transform(lambda v: v.interpolate(limit_direction="both"))
    return frame.assign(y=y)


def by_statsforecast(data, name, cores):
    from statsforecast import StatsForecast

    parts, seconds, series = [], 0.0, 0
    for window, (train, _) in enumerate(data.cuts()):
        train = filled(train)
        if name == "AutoARIMA":
            train = train[train.unique_id.isin(train.unique_id.unique()[:ARIMA_SAMPLE])]
        # A model for when one fails, as MSTL does on series shorter than two seasons.
        from statsforecast.models import SeasonalNaive
        fallback = SeasonalNaive(season_length=data.scoring)
        engine = StatsForecast(
            models=[models(data)[name]], freq=data.pandas_freq, n_jobs=cores, fallback_model=fallback)
        # The first call compiles; that is not what a series takes.
        if window == 0:
            first = train[train.unique_id == train.unique_id.iloc[0]]
            StatsForecast(models=[models(data)[name]], freq=data.pandas_freq, n_jobs=1, fallback_model=fallback).forecast(
                df=first, h=data.horizon, level=LEVELS)
        # Processor time where all of it is spent in this process.
        clock = time.process_time if cores == 1 else time.perf_counter
        began = clock()
        answer = engine.forecast(df=train, h=data.horizon, level=LEVELS)
        seconds += clock() - began
        series += train.unique_id.nunique()
        column = [c for c in answer.columns if c not in ("unique_id", "ds") and "-lo-" not in c and "-hi-" not in c][0]
        part = answer[["unique_id", "ds"]].assign(y_hat=answer[column], window=window)
        for level in LEVELS:
            part[f"lo_{level}"] = answer[f"{column}-lo-{level}"]
            part[f"hi_{level}"] = answer[f"{column}-hi-{level}"]
        parts.append(part)
    return pd.concat(parts, ignore_index=True), seconds / series


def by_prophet(data, cores):
    from concurrent.futures import ProcessPoolExecutor

    jobs = [(window, name, group.ds.to_numpy(), group.y.to_numpy(), data.horizon, data.pandas_freq)
            for window, (train, _) in enumerate(data.cuts())
            for name, group in train.groupby("unique_id", sort=False)]
    with ProcessPoolExecutor(cores) as pool:
        parts, seconds = zip(*pool.map(one_prophet, jobs, chunksize=4))
    return pd.concat(parts, ignore_index=True), sum(seconds) / len(jobs)


def processor_time():
    """Of this process and of those that it started: Prophet's model is a program of its own."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def one_prophet(job):
    from prophet import Prophet

    began = processor_time()
    window, name, ds, y, horizon, freq = job
    logging.getLogger("cmdstanpy").disabled = True
    logging.getLogger("prophet").disabled = True
    np.random.seed(1)
    model = Prophet(interval_width=0.95)
    model.fit(pd.DataFrame({"ds": ds, "y": y}))
    future = model.make_future_dataframe(periods=horizon, freq=freq, include_history=False)
    wide = model.predict(future)
    answer = pd.DataFrame({
        "unique_id": name, "ds": wide.ds, "y_hat": wide.yhat, "window": window,
        "lo_95": wide.yhat_lower, "hi_95": wide.yhat_upper,
    })
    return answer, processor_time() - began


def forecasts(data, name, cores, cache, again=False):
    """(forecasts, seconds a series) of one peer on one set."""
    package = "prophet" if name == "Prophet" else "statsforecast"
    stem = f"{data.name}-{data.hash()}-{name}-{package}-{version(package)}-{cores}"
    table, facts = cache / f"{stem}.parquet", cache / f"{stem}.json"
    if not again and table.exists() and facts.exists():
        return pd.read_parquet(table), json.loads(facts.read_text())["seconds_per_series"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer, seconds = by_prophet(data, cores) if name == "Prophet" else by_statsforecast(data, name, cores)
    cache.mkdir(parents=True, exist_ok=True)
    answer.to_parquet(table)
    facts.write_text(json.dumps({"seconds_per_series": seconds}))
    return answer, seconds

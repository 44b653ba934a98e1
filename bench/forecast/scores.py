"""Accuracy by M4's definitions, computed here and not by what is measured."""

import numpy as np


def smape(y, f):
    size = np.abs(y) + np.abs(f)
    return 200.0 * np.mean(np.where(size == 0, 0.0, np.abs(y - f) / np.where(size == 0, 1.0, size)))


def scale(history, season):
    differences = np.abs(history[season:] - history[:-season])
    return np.nanmean(differences) if len(differences) and not np.isnan(differences).all() else np.nan


def naive2(history, season, horizon):
    """The last value, without and then with its season if M4's test finds one."""
    values = np.asarray(history, float)
    known = ~np.isnan(values)
    values = values[np.maximum.accumulate(np.where(known, np.arange(len(values)), np.argmax(known)))]
    n = len(values)
    if season > 1 and n >= 3 * season:
        centred = values - values.mean()
        power = (centred**2).sum()
        if power > 0:
            acf = np.array([(centred[: n - lag] * centred[lag:]).sum() / power for lag in range(1, season + 1)])
            limit = 1.645 * np.sqrt((1 + 2 * (acf[:-1] ** 2).sum()) / n)
            if abs(acf[-1]) > limit:
                weights = np.ones(season) / season
                if season % 2 == 0:
                    weights = np.r_[0.5, np.ones(season - 1), 0.5] / season
                trend = np.convolve(values, weights, "valid")
                half = season // 2
                ratio = values[half : half + len(trend)] / trend
                phase = (np.arange(len(trend)) + half) % season
                index = np.array([ratio[phase == p].mean() for p in range(season)])
                index /= index.mean()
                if (trend > 0).all() and (index > 0).all():
                    return values[-1] / index[(n - 1) % season] * index[(n + np.arange(horizon)) % season]
    return np.full(horizon, values[-1])


def score(data, forecasts):
    """sMAPE, MASE, OWA and coverage of one set: averages over series and windows.

    `forecasts` has unique_id, ds, y_hat and perhaps lo_80, hi_80, lo_95, hi_95, window."""
    found = {"smape": [], "mase": [], "n2_smape": [], "n2_mase": []}
    inside = {80: [], 95: []}
    for window, (train, test) in enumerate(data.cuts()):
        histories = dict(list(train.groupby("unique_id", sort=False)))
        answers = dict(list(forecasts[forecasts.window == window].groupby("unique_id", sort=False)))
        for name, actual in test.groupby("unique_id", sort=False):
            if name not in answers:
                continue
            history = histories[name].y.to_numpy()
            answer = answers[name].set_index("ds").reindex(actual.ds)
            y, f = actual.y.to_numpy(), answer.y_hat.to_numpy()
            benchmark = naive2(history, data.scoring, data.horizon)
            known = ~np.isnan(y)
            by = scale(history, data.scoring)
            if not known.any() or not by > 0:
                continue
            found["smape"].append(smape(y[known], f[known]))
            found["mase"].append(np.mean(np.abs(y - f)[known]) / by)
            found["n2_smape"].append(smape(y[known], benchmark[known]))
            found["n2_mase"].append(np.mean(np.abs(y - benchmark)[known]) / by)
            for level, hits in inside.items():
                if f"lo_{level}" in answer:
                    lo, hi = answer[f"lo_{level}"].to_numpy(), answer[f"hi_{level}"].to_numpy()
                    hits.append(np.mean((lo <= y)[known] & (y <= hi)[known]))
    mean = {key: float(np.mean(values)) for key, values in found.items()}
    return {
        "smape": mean["smape"],
        "mase": mean["mase"],
        "owa": (mean["smape"] / mean["n2_smape"] + mean["mase"] / mean["n2_mase"]) / 2,
        "naive2_smape": mean["n2_smape"],
        "naive2_mase": mean["n2_mase"],
        **{f"coverage_{level}": float(np.mean(hits)) if hits else None for level, hits in inside.items()},
        "series": len(found["smape"]),
    }

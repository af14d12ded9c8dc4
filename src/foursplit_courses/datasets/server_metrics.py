"""Metrics of servers, two hours at a time: learnt in the past, meant for the future."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles

WINDOW = 24  # values, five minutes apart: two hours
WARM_UP_WINDOWS = 12  # spans: a day, before which nothing is known of a series
PAST = 0.6  # of each series is learnt from
N_SERIES, N_VALUES, N_LABELLED = 20, 112_517, 10_425  # values inside a labelled window
FEATURES = ("mean", "least", "most", "spread", "step", "largest_jump", "slope")

SPEC = DatasetSpec(
    title="Server metrics, past and future",
    provenance=(
        "20 series of the Numenta benchmark (CPU, network, disk, requests, latency, a machine's "
        "temperature): 112,517 values, of which 10,425 lie in windows around 40 labelled "
        "anomalies. An example is two hours of one series, anomalous if most of it lies in such a "
        "window, and measured against all that came before. The first three fifths of a series "
        "are its past. Four series write 11 or 12 times twice, and one clock goes back by an "
        "hour: values are taken in the file's order. Labels are wide, a tenth of a series, so "
        "that most of an anomalous window looks as usual. Three people who labelled 17 of the "
        "series hit 29, 23 and 26 of the 30 windows agreed on."
    ),
    files=(RemoteFiles(entry="nab_server_metrics"),),
    target="state",
    classes=("usual", "anomalous"),
    features=FEATURES,
    # An incident, or else a day of one series: what is divided would be known beforehand.
    group="stretch",
    domains={"past": "source", "future": "target"},
    slices=("metric", "series", "origin", "hour_band"),
    reference=None,  # people were asked for windows, not for every two hours
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row for two hours of a series, the series' first day left out."""
    folder = raw / "nab_server_metrics"
    windows = json.loads((folder / "combined_windows.json").read_text(encoding="utf-8"))
    paths = sorted(folder.glob("real*/*.csv"))
    names = [f"{path.parent.name}/{path.name}" for path in paths]
    parts = [_series(path, windows[key], key) for path, key in zip(paths, names, strict=True)]
    return pd.concat(parts, ignore_index=True)


def _series(path: Path, windows: list[list[str]], key: str) -> pd.DataFrame:
    """Cut one series into spans; `windows` are the first and last times of its anomalies."""
    frame = pd.read_csv(path, parse_dates=["timestamp"])
    time = frame["timestamp"]
    incident = np.full(len(frame), -1)
    for number, (first, last) in enumerate(windows):
        incident[(time >= first) & (time <= last)] = number
    n_spans = len(frame) // WINDOW
    rows = window_features(frame["value"].to_numpy(np.float64))
    spans = incident[: n_spans * WINDOW].reshape(n_spans, WINDOW)
    start = time.iloc[: n_spans * WINDOW : WINDOW].reset_index(drop=True)
    touched = spans.max(axis=1)
    day = start.dt.strftime("%Y-%m-%d")
    rows["stretch"] = np.where(
        touched < 0, path.stem + " " + day, [f"{path.stem} incident {n}" for n in touched]
    )
    late = pd.Series(np.arange(n_spans) * WINDOW >= PAST * len(frame))
    # A stretch that crosses the border stays where it begins.
    late = late.groupby(rows["stretch"]).transform("first")
    rows["domain"] = np.where(late, "future", "past")
    rows["state"] = np.where((spans >= 0).mean(axis=1) > 0.5, "anomalous", "usual")
    rows["n_labelled"] = (spans >= 0).sum(axis=1)
    rows["series"], rows["origin"] = path.stem, key.split("/")[0]
    rows["metric"] = path.stem.rsplit("_", 1)[0]
    rows["hour_band"] = (start.dt.hour // 6 * 6).map("from {:02d}:00".format)
    return rows.iloc[WARM_UP_WINDOWS:]


def window_features(values: np.ndarray) -> pd.DataFrame:
    """Describe each span of (value,) a series by what came before it, in standard deviations of it.

    Logarithmic far out (the inverse hyperbolic sine): some spikes are thousands of deviations high.
    """
    n_spans = len(values) // WINDOW
    spans = values[: n_spans * WINDOW].reshape(n_spans, WINDOW)
    before = pd.Series(values).expanding().agg(["mean", "std"]).shift(1)
    known = (
        before.iloc[: n_spans * WINDOW : WINDOW].fillna(0.0).to_numpy()
    )  # before each span's start
    centre, width = known[:, :1], known[:, 1:]
    # A series that never moved has no deviation of its own: then its unit is taken.
    z = (spans - centre) / np.where(width > 1e-9, width, 1.0)
    mean = z.mean(axis=1)
    at = np.arange(WINDOW) - (WINDOW - 1) / 2
    made = {
        "mean": mean,
        "least": z.min(axis=1),
        "most": z.max(axis=1),
        "spread": z.std(axis=1),
        "step": z[:, 0]
        - np.concatenate(
            [
                [0.0],
                (spans[:-1, -1] - centre[1:, 0]) / np.where(width[1:, 0] > 1e-9, width[1:, 0], 1.0),
            ]
        ),
        "largest_jump": np.abs(np.diff(z, axis=1)).max(axis=1),
        "slope": z @ at / (at @ at) * WINDOW,
    }
    return pd.DataFrame({name: np.arcsinh(made[name]) for name in FEATURES})


def suite() -> list[Any]:
    """Return the expectations on the two-hour spans and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=4_446),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in FEATURES),
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column="series", min_value=N_SERIES, max_value=N_SERIES
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=["past", "future"]),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="state", value_set=[*SPEC.classes]),
        gxe.ExpectColumnSumToBeBetween(
            column="n_labelled", min_value=N_LABELLED - N_SERIES * WINDOW, max_value=N_LABELLED
        ),
        gxe.ExpectColumnValuesToBeBetween(column="spread", min_value=0, max_value=20),
    ]

"""The course's servers: latency and throughput, learnt as usual, and judged where labels are."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.bands import band

FEATURES = ("latency", "throughput")  # milliseconds, megabytes a second
N_EACH, N_ANOMALIES = 307, 9

SPEC = DatasetSpec(
    title="Servers of the course",
    provenance=(
        "307 measurements without labels, which the course takes for usual, and 307 with labels, "
        "of which nine are anomalous; made for the course, not measured. So few that dev and test "
        "hold four or five each: no difference between two models will show. Nothing anomalous "
        "is labelled in train, so that a classifier learns nothing here: this is for densities."
    ),
    files=(
        RemoteFiles(
            entry="course_server_anomaly_ex8",
            only=("X_part1.npy", "X_val_part1.npy", "y_val_part1.npy"),
        ),
    ),
    target="state",
    classes=("usual", "anomalous"),
    features=FEATURES,
    row_is_unit="the course does not say which server a measurement is of",
    domains={"unlabelled": "source", "labelled": "target"},
    slices=("state", "latency_band", "throughput_band"),
    reference=None,  # nobody has been asked
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per measurement; what has no label counts as usual, as the course does."""
    folder = raw / "course_server_anomaly_ex8"
    plain, judged, labels = (
        np.load(folder / f"{name}_part1.npy", allow_pickle=False)
        for name in ("X", "X_val", "y_val")
    )
    frame = pd.DataFrame(np.concatenate([plain, judged]), columns=list(FEATURES))
    state = np.concatenate([np.zeros(len(plain), dtype=int), labels.ravel().astype(int)])
    frame["state"] = np.where(state == 1, "anomalous", "usual")
    frame["anomalies"] = state
    frame["domain"] = ["unlabelled"] * len(plain) + ["labelled"] * len(judged)
    for name in FEATURES:
        frame[f"{name}_band"] = band(
            frame[name], [0, 12, 18, 99], ["below 12", "12 to 18", "above 18"]
        )
    return frame


def suite() -> list[Any]:
    """Return the expectations on the measurements and their few labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=2 * N_EACH),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in FEATURES),
        gxe.ExpectColumnValuesToBeBetween(column="latency", min_value=0.3, max_value=30),
        gxe.ExpectColumnValuesToBeBetween(column="throughput", min_value=4, max_value=25),
        gxe.ExpectColumnSumToBeBetween(
            column="anomalies", min_value=N_ANOMALIES, max_value=N_ANOMALIES
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=[*SPEC.domains]),
    ]

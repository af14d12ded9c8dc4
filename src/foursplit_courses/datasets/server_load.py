"""Servers under changing load, generated: failures that are odd alone, and odd only together.

Which of a server's numbers are usual depends on its load: under more of it requests wait longer and
more bytes go out.  A server that fails leaves that line: it is slow without being busy (a disk, a
lock), or quick because it refuses what it is asked.  A later period has grown by more requests.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.seeds import generator
from foursplit_courses.transforms.bands import band

FEATURES = ("latency", "throughput", "cpu")  # logarithms of milliseconds and of megabytes a second,
# which are more like a Gaussian than what they are of; share of the time busy
N_SERVERS, N_MEASURED = 60, 60  # in each of the two periods
FAILING = 0.03  # share of the measurements
KINDS = {"stalled": 0.5, "refusing": 0.3, "overloaded": 0.2}  # shares of the failures
GROWTH = 0.25  # of the load, from the first period to the second

SPEC = DatasetSpec(
    title="Servers under load, generated",
    provenance=(
        "7,200 measurements of 60 generated servers in two periods, three in a hundred of a server "
        "that fails: stalled (slow, though not busy), refusing (quick, though much is asked) or "
        "overloaded (slow and busy as never before). In the second period the load has grown by a "
        "quarter. Labels are known here, because the data are made; nothing is measured."
    ),
    licence="none needed: made by this file",
    files=(),  # there is nothing to fetch: read() draws the same numbers every time
    target="state",
    classes=("usual", "anomalous"),
    features=FEATURES,
    group="server",  # its hardware is in all that is measured of it
    domains={"before": "source", "after": "target"},
    slices=("kind", "load_band", "generation"),
    reference=None,  # nobody has been asked
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw one row a measurement, the same in every run."""
    parts = [_server(number, domain) for number in range(N_SERVERS) for domain in SPEC.domains]
    return pd.concat(parts, ignore_index=True)


def _server(number: int, domain: str) -> pd.DataFrame:
    """Measure one server in one period, from streams of its own."""
    server_rng = generator("server_load: server", number)
    slow, wide = np.exp(server_rng.normal(0, 0.08)), np.exp(server_rng.normal(0, 0.06))
    rng = generator("server_load: measured", number, domain)
    load = rng.beta(2, 3, N_MEASURED) * (1 + GROWTH * (domain == "after"))
    kind = np.where(
        rng.random(N_MEASURED) < FAILING,
        rng.choice([*KINDS], N_MEASURED, p=[*KINDS.values()]),
        "usual",
    )
    felt = np.where(kind == "overloaded", load + rng.uniform(0.9, 1.3, N_MEASURED), load)
    noise = {
        name: rng.normal(0, width, N_MEASURED)
        for name, width in (("latency", 0.05), ("throughput", 0.05), ("cpu", 0.04))
    }
    latency = 12 * slow * np.exp(0.9 * felt + noise["latency"])
    throughput = 8 * wide * np.exp(1.0 * felt + noise["throughput"])
    cpu = 0.15 + 0.5 * felt + noise["cpu"]
    stalled, refusing = kind == "stalled", kind == "refusing"
    far = rng.uniform(0.25, 0.7, N_MEASURED)
    latency *= np.exp(np.where(stalled, far, np.where(refusing, -far, 0.0)))
    throughput *= np.exp(np.where(stalled | refusing, -far, 0.0))
    frame = pd.DataFrame({"latency": np.log(latency), "throughput": np.log(throughput)})
    frame["cpu"] = cpu
    frame["server"], frame["domain"] = f"server {number:02d}", domain
    frame["state"] = np.where(kind == "usual", "usual", "anomalous")
    frame["failing"] = (kind != "usual").astype(int)
    frame["kind"] = kind
    frame["load_band"] = band(load, [-1, 0.3, 0.6, 9], ["low", "middle", "high"])
    frame["generation"] = "slow hardware" if slow > 1 else "quick hardware"
    return frame


def suite() -> list[Any]:
    """Return the expectations on the generated table."""
    import great_expectations.expectations as gxe

    n = 2 * N_SERVERS * N_MEASURED
    return [
        gxe.ExpectTableRowCountToEqual(value=n),
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in FEATURES),
        gxe.ExpectColumnValuesToBeBetween(column="latency", min_value=0, max_value=8),
        gxe.ExpectColumnValuesToBeBetween(column="throughput", min_value=0, max_value=8),
        gxe.ExpectColumnSumToBeBetween(column="failing", min_value=0.02 * n, max_value=0.04 * n),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=[*SPEC.domains]),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="kind", value_set=["usual", *KINDS]),
    ]

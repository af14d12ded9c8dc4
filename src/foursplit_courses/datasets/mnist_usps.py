"""Handwritten digits of two origins: learnt on MNIST's forms, meant for the post's envelopes."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel, RemoteFiles
from foursplit.core.examples import Examples
from foursplit_courses.transforms import idx
from foursplit_courses.transforms.area_resize import area_resize
from foursplit_courses.transforms.digit_pictures import digit_examples

SIDE = 16  # pixels of USPS; MNIST's 28 are brought down to it
N_MNIST, N_USPS = 60_000, 9_298

SPEC = DatasetSpec(
    title="Digits from forms, and from envelopes",
    provenance=(
        "MNIST's 60,000 training pictures (forms filled in by census staff and students) and "
        "USPS's 9,298 (envelopes, scanned by the US Postal Service). MNIST's 28 by 28 pixels are "
        "averaged over areas down to USPS's 16 by 16, each picture by itself: the finer picture "
        "can be made coarser, the coarser one not finer. The margins stay as they were: MNIST "
        "leaves about four pixels of 28 free on each side, USPS none."
    ),
    files=(
        RemoteFiles(
            entry="mnist",
            only=("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ),
        RemoteFiles(entry="usps", only=("zip.train.gz", "zip.test.gz")),
    ),
    target="digit",
    classes=tuple("0123456789"),
    row_is_unit="neither set says who wrote which digit",
    domains={"mnist": "source", "usps": "target"},
    slices=("digit", "ink_band", "part"),
    reference=ReferenceLevel(
        error=0.025,
        kind="human",
        citation="USPS's test part, read by people (Bromley and Säckinger 1991, Neural-network and "
        "k-nearest-neighbor classifiers, technical report, AT&T Bell Laboratories; recalled)",
    ),
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink."""
    mnist, labels = idx.read_pair(raw / "mnist", "train")
    parts = [_zip_codes(raw / "usps" / f"zip.{part}.gz") for part in ("train", "test")]
    usps = np.concatenate(parts)
    x = np.concatenate(
        [area_resize(mnist / np.float32(255), SIDE), (usps[:, 1:].reshape(-1, SIDE, SIDE) + 1) / 2]
    )
    return digit_examples(
        x,
        digit=np.concatenate([labels, usps[:, 0]]),
        domain=np.repeat(["mnist", "usps"], [len(mnist), len(usps)]),
        part=np.repeat(["train", "test"], [len(mnist) + len(parts[0]), len(parts[1])]),
    )


def _zip_codes(path: Path) -> np.ndarray:
    """Read lines of a digit and 256 shades from -1 (paper) to 1 (ink)."""
    content = gzip.decompress(path.read_bytes())
    return np.array(content.split(), dtype=np.float32).reshape(-1, 1 + SIDE * SIDE)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_MNIST + N_USPS),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=list(range(10))),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=["mnist", "usps"]),
        gxe.ExpectColumnMeanToBeBetween(column="digit", min_value=4, max_value=5),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.5, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="lightest", min_value=0, max_value=0.05),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.01, max_value=0.8),
    ]

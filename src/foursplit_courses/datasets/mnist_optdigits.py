"""Handwritten digits of two origins: learnt on MNIST, meant for other people's coarser scans."""

from pathlib import Path
from typing import Any

import numpy as np

from foursplit.core.dataset_spec import DatasetSpec, ReferenceLevel, RemoteFiles
from foursplit.core.examples import Examples
from foursplit_courses.transforms import idx
from foursplit_courses.transforms.area_resize import area_resize
from foursplit_courses.transforms.digit_pictures import digit_examples

SIDE = 8  # pixels of optdigits; MNIST's 28 are brought down to it
INK = 16  # the most a pixel of optdigits counts: its block of 4 by 4 is all ink
N_MNIST = 60_000
PARTS = {"tra": 3_823, "tes": 1_797}  # of 30 writers, and of 13 others

SPEC = DatasetSpec(
    title="Digits from forms, and from coarser scans",
    provenance=(
        "MNIST's 60,000 training pictures, and the 5,620 of optdigits (forms that 43 people "
        "filled in), each pixel of which counts the ink in a block of 4 by 4. MNIST's 28 by 28 "
        "pixels are averaged over areas down to 8 by 8, each picture by itself. The margins stay "
        "as they were: MNIST leaves a seventh of the picture free on each side, optdigits "
        "none above and below. scikit-learn's bundled digits, which another dataset reads, are "
        "optdigits' test part; nothing of that source is used here."
    ),
    files=(
        RemoteFiles(
            entry="mnist",
            only=("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ),
        RemoteFiles(entry="optdigits"),
    ),
    target="digit",
    classes=tuple("0123456789"),
    row_is_unit="neither set says who wrote which digit",
    domains={"mnist": "source", "optdigits": "target"},
    slices=("digit", "ink_band", "part"),
    reference=ReferenceLevel(
        error=0.02,
        kind="best known",
        citation="nearest neighbour on optdigits' own test part, trained on its 3,823 others "
        "(Alpaydin and Kaynak 1998): what the target's own labels can give; nobody has measured "
        "people on 8 by 8 pixels",
    ),
    picture=True,
)


def read(raw: Path) -> Examples:
    """Read pictures as (channel, row, column), 0 paper to 1 ink."""
    mnist, labels = idx.read_pair(raw / "mnist", "train")
    parts = {part: _table(raw / "optdigits" / f"optdigits.{part}") for part in PARTS}
    optdigits = np.concatenate(list(parts.values()))
    x = np.concatenate(
        [
            area_resize(mnist / np.float32(255), SIDE),
            optdigits[:, :-1].reshape(-1, SIDE, SIDE) / np.float32(INK),
        ]
    )
    sizes = [len(mnist), *(len(block) for block in parts.values())]
    return digit_examples(
        x,
        digit=np.concatenate([labels, optdigits[:, -1]]),
        domain=np.repeat(["mnist", *["optdigits"] * len(parts)], sizes),
        part=np.repeat(["mnist", *parts], sizes),
    )


def _table(path: Path) -> np.ndarray:
    """Read a line of names, then lines of 64 counts and the digit."""
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32, ndmin=2)


def suite() -> list[Any]:
    """Return the expectations on the pictures and their labels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_MNIST + sum(PARTS.values())),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="digit", value_set=list(range(10))),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="domain", value_set=["mnist", "optdigits"]),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="part", value_set=["mnist", *PARTS]),
        gxe.ExpectColumnMeanToBeBetween(column="digit", min_value=4.4, max_value=4.6),
        gxe.ExpectColumnValuesToBeBetween(column="darkest", min_value=0.25, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="lightest", min_value=0, max_value=0.01),
        gxe.ExpectColumnValuesToBeBetween(column="ink", min_value=0.01, max_value=0.6),
    ]

"""Names of dinosaurs, from which DLS course 5 makes new ones."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.bands import band

N_NAMES = 1_536

SPEC = DatasetSpec(
    title="Dinosaur names",
    provenance=(
        "1,536 names of dinosaurs, the file of the exercise in DLS C5 W1, here in small letters as "
        "the exercise reads it. 1,524 are distinct; a name that stands twice is one group. The "
        "exercise trains on all of them and has no held-out names."
    ),
    files=(RemoteFiles(entry="dinosaur_names", only=("dinos.txt",)),),
    target="",
    text="name",
    tokenizer="characters",
    group="name",
    slices=("ending", "length_band"),
    show=("name",),
    reference=None,  # nobody has measured how well people guess the next letter of these names
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row a name, in the order of the file."""
    names = (raw / "dinosaur_names/dinos.txt").read_text(encoding="utf-8").lower().split()
    return pd.DataFrame(
        {
            "name": names,
            "ending": ["saurus" if name.endswith("saurus") else "other" for name in names],
            "length_band": band(
                pd.Series([len(name) for name in names]),
                [0, 10, 13, 99],
                ["to 10", "to 13", "more"],
            ),
        }
    )


def suite() -> list[Any]:
    """Return the expectations on the names."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_NAMES),
        gxe.ExpectColumnValuesToMatchRegex(column="name", regex="^[a-z]+$"),
        gxe.ExpectColumnValueLengthsToBeBetween(column="name", min_value=3, max_value=26),
    ]


def profile_suite() -> list[Any]:
    """Return the expectations on the texts' lengths, in each split."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(column="x.length", min_value=3, max_value=26),
        gxe.ExpectColumnMeanToBeBetween(column="x.length", min_value=11, max_value=13),
        gxe.ExpectColumnValuesToBeInSet(column="x.is_blank", value_set=[False]),
    ]

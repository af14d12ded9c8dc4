"""First names of children in the United States, to learn how such names are made."""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit_courses.transforms.bands import band, third_band

N_NAMES = 32_033

SPEC = DatasetSpec(
    title="First names of American children",
    provenance=(
        "32,033 first names in small letters, of 2 to 15: those most often given in 2018, as "
        "makemore lists them, for girls and for boys. 29,494 are distinct: a name given to both "
        "stands twice, and is one group."
    ),
    files=(RemoteFiles(entry="baby_names", only=("names.txt",)),),
    target="",
    text="name",
    tokenizer="characters",
    group="name",
    slices=("length_band", "place_band"),
    show=("name",),
    reference=None,  # nobody has measured how well people guess the next letter of these names
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row a name, in the order of the file."""
    names = (raw / "baby_names/names.txt").read_text(encoding="utf-8").split()
    return pd.DataFrame(
        {
            "name": names,
            "length_band": band(
                pd.Series([len(name) for name in names]), [0, 5, 7, 99], ["to 5", "6 or 7", "8 on"]
            ),
            "place_band": third_band(pd.Series(range(len(names)))),  # in the file
        }
    )


def suite() -> list[Any]:
    """Return the expectations on the names."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_NAMES),
        gxe.ExpectColumnValuesToMatchRegex(column="name", regex="^[a-z]+$"),
        gxe.ExpectColumnValueLengthsToBeBetween(column="name", min_value=2, max_value=15),
    ]


def profile_suite() -> list[Any]:
    """Return the expectations on the texts' lengths, in each split."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(column="x.length", min_value=2, max_value=15),
        gxe.ExpectColumnMeanToBeBetween(column="x.length", min_value=5.8, max_value=6.5),
        gxe.ExpectColumnValuesToBeInSet(column="x.is_blank", value_set=[False]),
    ]

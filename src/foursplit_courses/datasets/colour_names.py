"""Names that people give to colours: short texts, to learn how such names are made."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit_courses.transforms.bands import band

N_NAMES = 949
TABLE = "XKCD_COLORS"

SPEC = DatasetSpec(
    title="Colour names",
    provenance=(
        "949 names of colours, of 3 to 26 signs: the most frequent answers of a survey in which "
        "222,500 people named colours on their screens. Matplotlib carries the table. Most names "
        "share words with others; those of the same letters in any order (grey blue, bluegrey) "
        "are one group."
    ),
    licence="CC0 1.0",
    cite="Munroe, R. (2010), Color survey results, xkcd.com/color/rgb",
    files=(
        BundledFile(
            package="matplotlib",
            path="_color_data.py",
            sha256="93ec1d4e2e80ac9c64b2a05f313fbb532daa5b3f175f84e1e60b237f7d82c263",
        ),
    ),
    target="",
    text="name",
    tokenizer="characters",
    group="letters",
    slices=("words", "length_band"),
    show=("name",),
    reference=None,  # nobody has measured how well people guess the next letter of these names
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row a name; the file is parsed, and no line of it runs."""
    tree = ast.parse((raw / "_color_data.py").read_text(encoding="utf-8"))
    table = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Dict)
        and _name(node) == TABLE
    )
    names = [*ast.literal_eval(table)]
    length = pd.Series([len(name) for name in names])
    n_words = pd.Series([len(name.replace("/", " ").split()) for name in names])
    return pd.DataFrame(
        {
            "name": names,
            "letters": ["".join(sorted(filter(str.isalpha, name))) for name in names],
            "words": np.array(["one", "two", "three and more"])[n_words.clip(upper=3) - 1],
            "length_band": band(length, [0, 8, 12, 99], ["to 8", "9 to 12", "13 and more"]),
        }
    )


def _name(node: ast.Assign) -> str:
    target = node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def suite() -> list[Any]:
    """Return the expectations on the names."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_NAMES),
        gxe.ExpectColumnValuesToBeUnique(column="name"),
        gxe.ExpectColumnValuesToMatchRegex(column="name", regex=r"^[a-z][a-z /']*[a-z]$"),
        gxe.ExpectColumnValueLengthsToBeBetween(column="name", min_value=3, max_value=26),
        gxe.ExpectColumnValuesToBeInSet(column="words", value_set=["one", "two", "three and more"]),
    ]


def profile_suite() -> list[Any]:
    """Return the expectations on the texts' lengths, in each split."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(column="x.length", min_value=3, max_value=26),
        gxe.ExpectColumnMeanToBeBetween(column="x.length", min_value=9, max_value=13),
        gxe.ExpectColumnValuesToBeInSet(column="x.is_blank", value_set=[False]),
    ]

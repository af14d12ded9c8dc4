"""Edible and poisonous mushrooms: learnt in the woods, meant for wherever else they grow."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles

VALUES = {
    "cap_shape": "bcfksx", "cap_surface": "fgsy", "cap_colour": "bcegnpruwy", "bruises": "ft",
    "odour": "acflmnpsy", "gill_attachment": "af", "gill_spacing": "cw", "gill_size": "bn",
    "gill_colour": "beghknopruwy", "stalk_shape": "et", "stalk_root": "bcer",
    "stalk_surface_above": "fksy", "stalk_surface_below": "fksy", "stalk_colour_above": "bcegnopwy",
    "stalk_colour_below": "bcegnopwy", "veil_type": "p", "veil_colour": "nowy",
    "ring_number": "not", "ring_type": "eflnp", "spore_print": "bhknoruwy", "population": "acnsvy",
}  # fmt: skip
"""The letters of each column; a missing stalk root is written `?`, and is none of them."""

HABITATS = {
    "d": "woods", "g": "grasses", "l": "leaves", "m": "meadows", "p": "paths", "u": "urban",
    "w": "waste",
}  # fmt: skip
# The veil is of one type throughout; the habitat is the shift itself, and one value in train.
FEATURES = tuple(
    f"{name}_{letter}" for name, letters in VALUES.items() if len(letters) > 1 for letter in letters
)
N_ROWS, N_NO_ROOT = 8_124, 2_480

SPEC = DatasetSpec(
    title="Mushrooms, woods and elsewhere",
    provenance=(
        "8,124 descriptions of 23 species of gilled mushrooms, written out from a field guide of "
        "1981: variants that its text allows, not mushrooms that someone picked. 3,148 grow in "
        "woods. 2,480 have no stalk root. The species are not named, so variants of one species "
        "lie in train and in train-dev: within the woods the error is flattered, and only the "
        "other habitats tell something. 1,016 descriptions of the woods, most of them poisonous, "
        "stand word for word under another habitat too: the split takes them from train, which "
        "leaves it mostly edible."
    ),
    files=(RemoteFiles(entry="uci_mushroom", only=("agaricus-lepiota.data",)),),
    target="kind",
    classes=("edible", "poisonous"),
    features=FEATURES,
    row_is_unit="the file does not say which species a row describes",
    domains={"woods": "source", "elsewhere": "target"},
    slices=("habitat_named", "odour", "population", "root_missing"),
    reference=None,  # nobody has been measured on these descriptions
)


def read(raw: Path) -> pd.DataFrame:
    """Read one row per description; each letter of each column becomes a column of 0 and 1."""
    names = ["kind", *VALUES, "habitat"]
    frame = pd.read_csv(raw / "uci_mushroom" / "agaricus-lepiota.data", header=None, names=names)
    letters = {
        f"{name}_{letter}": (frame[name] == letter).astype(int)
        for name, known in VALUES.items()
        if len(known) > 1
        for letter in known
    }
    derived = {
        # One domain for all but the woods: a description found in two of them keeps one split.
        "domain": np.where(frame["habitat"] == "d", "woods", "elsewhere"),
        "habitat_named": frame["habitat"].map(HABITATS),
        "root_missing": (frame["stalk_root"] == "?").astype(int),
    }
    frame["kind"] = frame["kind"].map({"e": "edible", "p": "poisonous"})
    return pd.concat([frame, pd.DataFrame(letters), pd.DataFrame(derived)], axis=1)


def suite() -> list[Any]:
    """Return the expectations on the descriptions, including the missing roots."""
    import great_expectations.expectations as gxe

    sets = {name: [*letters] for name, letters in VALUES.items()}
    sets["stalk_root"] += ["?"]
    return [
        gxe.ExpectTableRowCountToEqual(value=N_ROWS),
        *(
            gxe.ExpectColumnDistinctValuesToEqualSet(column=name, value_set=values)
            for name, values in {**sets, "habitat": [*HABITATS]}.items()
        ),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="kind", value_set=["edible", "poisonous"]),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["kind", *VALUES, "habitat"]),
        gxe.ExpectColumnSumToBeBetween(
            column="root_missing", min_value=N_NO_ROOT, max_value=N_NO_ROOT
        ),
    ]

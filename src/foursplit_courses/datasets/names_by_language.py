"""Surnames of 18 languages, as counts of the pairs of letters they are made of."""

import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit.core.examples import Examples
from foursplit_courses.transforms.bands import band

PER_LANGUAGE = {
    "Arabic": 2000, "Chinese": 268, "Czech": 519, "Dutch": 297, "English": 3668, "French": 277,
    "German": 724, "Greek": 203, "Irish": 232, "Italian": 709, "Japanese": 991, "Korean": 94,
    "Polish": 139, "Portuguese": 74, "Russian": 9384, "Scottish": 100, "Spanish": 298,
    "Vietnamese": 73,
}  # fmt: skip
N_REPEATED = 2_038  # rows that repeat an earlier name of their language
N_SHARED = 1_181  # rows whose plain spelling several languages hold
SYMBOLS = "." + "abcdefghijklmnopqrstuvwxyz"  # the dot: an edge, and whatever is no letter
N_PAIRS = len(SYMBOLS) ** 2

SPEC = DatasetSpec(
    title="Surnames of 18 languages",
    provenance=(
        "20,050 surnames; 9,384 are Russian, 73 Vietnamese. 2,038 repeat a name of their own "
        "language: the 2,000 Arabic ones are 108 names. 465 spellings stand in several languages, "
        "each with that language's label, so no model gets all right. A few carry blanks at an "
        "edge; one is `Maxa/B`. Letters lose their accents, as pairs of them would be rare."
    ),
    files=(RemoteFiles(entry="names_by_language"),),
    target="language",
    classes=tuple(PER_LANGUAGE),
    # A name that comes twice, or in two languages, must not be learnt and asked.
    group="spelling",
    slices=("language", "length_band", "accented", "shared"),
    reference=None,  # nobody has been asked to guess the language of these names
)


def read(raw: Path) -> Examples:
    """Read x as (name, pair) counts: pair `ab` is at 27 times the place of a plus that of b."""
    folder = raw / "names_by_language"
    labelled = [
        (name, language)
        for language in PER_LANGUAGE
        for name in (folder / f"{language}.txt").read_text(encoding="utf-8").splitlines()
        if name.strip()
    ]
    rows = pd.DataFrame(labelled, columns=["name", "language"])
    rows["spelling"] = rows["name"].map(normalize_spelling)
    rows["repeated"] = rows.duplicated(["name", "language"]).astype(int)
    languages = rows.groupby("spelling")["language"].transform("nunique")
    rows["ambiguous"] = (languages > 1).astype(int)
    rows["shared"] = np.where(languages > 1, "several languages", "one language")
    rows["accented"] = np.where(rows["name"].map(str.isascii), "plain", "accented")
    length = rows["name"].str.len()
    rows["length_band"] = band(length, [0, 4, 8, 99], ["to 4 letters", "5 to 8", "9 and more"])
    rows["length"] = length
    return Examples(x=np.stack([bigram_counts(name) for name in rows["spelling"]]), metadata=rows)


def normalize_spelling(name: str) -> str:
    """Write a name in plain small letters: accents fall off, other signs become one dot."""
    bare = unicodedata.normalize("NFKD", name.strip().lower().replace("ß", "ss").replace("ł", "l"))
    signs = (sign for sign in bare if not unicodedata.combining(sign))
    return "".join(sign if sign in SYMBOLS else "." for sign in signs)


def bigram_counts(spelling: str) -> np.ndarray:
    """Count (pair,) neighbours, the edges of the name among them."""
    places = [SYMBOLS.index(sign) for sign in f".{spelling}."]
    codes = [len(SYMBOLS) * a + b for a, b in pairwise(places)]
    return np.bincount(codes, minlength=N_PAIRS).astype(np.float32)


def suite() -> list[Any]:
    """Return the expectations on the names, including repetitions."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=sum(PER_LANGUAGE.values())),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="language", value_set=[*PER_LANGUAGE]),
        gxe.ExpectColumnValuesToBeBetween(column="length", min_value=2, max_value=20),
        gxe.ExpectColumnValuesToMatchRegex(column="spelling", regex="^[a-z.]+$"),
        gxe.ExpectColumnSumToBeBetween(
            column="repeated", min_value=N_REPEATED, max_value=N_REPEATED
        ),
        gxe.ExpectColumnSumToBeBetween(column="ambiguous", min_value=N_SHARED, max_value=N_SHARED),
    ]

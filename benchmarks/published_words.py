"""What the course prints of GloVe's word vectors, made again: cosines, analogies, an equal pair.

The vectors are the part of GloVe 6B, 50 numbers each, that the mirror has; what lacks is named.
The course's notebook of 2017 equalizes vectors as they are, and that of 2021 vectors of length 1;
and the two leave different words out of an analogy's answers. Both are made here.

Source: Ng, DLS C5 W2; Pennington, Socher and Manning (2014), GloVe.
"""

import argparse
import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from repro import ROOT, processor

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit.data import fetch
from foursplit_courses.from_scratch.sequence import embedding

RESULT = ROOT / "benchmarks" / "results" / "published_words.json"
FILE = "glove.6B.50d.subset.txt.gz"
GLOVE = DatasetSpec(
    title="GloVe 6B, 50 numbers a word",
    provenance="",
    files=(RemoteFiles(entry="glove_vectors", only=(FILE,)),),
    target="",
)
ANALOGIES = (  # the fourth word as printed, in 2017 and in 2021
    ("italy", "italian", "spain", "spanish", "spanish"),
    ("india", "delhi", "japan", "tokyo", "tokyo"),
    ("man", "woman", "boy", "girl", "girl"),
    ("small", "smaller", "large", "larger", "smaller"),
)
OTHERS = ("ball", "crocodile", "france", "paris", "rome", "receptionist")
"""Words of the course's other figures; one that lacks makes its figure impossible here."""


def read() -> dict[str, np.ndarray]:
    """Fetch the vectors and read them by word."""
    with tempfile.TemporaryDirectory(prefix="foursplit-words-") as folder:
        fetch.fetch(GLOVE, Path(folder) / "raw")
        packed = next((Path(folder) / "raw").rglob("glove.6B.50d*.gz"))
        with gzip.open(packed, "rt", encoding="utf-8") as lines:
            rows = [line.rstrip("\n").split(" ") for line in lines]
    return {row[0]: np.array(row[1:], dtype=np.float64) for row in rows}


def equalize_as_printed(
    a: np.ndarray, b: np.ndarray, direction: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Equalize as the course does, whatever the lengths: the root is of an absolute value."""
    common = embedding.neutralize((a + b) / 2, direction)
    along = embedding.project(a - b, direction) / 2
    side = np.sqrt(abs(1 - common @ common)) / np.linalg.norm(along) * along
    return common + side, common - side


def figures(vectors: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the course's numbers, by names of our own."""
    cosine = embedding.cosine_similarity
    man, woman = vectors["man"], vectors["woman"]
    gender = woman - man
    as_they_are = equalize_as_printed(man, woman, gender)
    units = [v / np.linalg.norm(v) for v in (man, woman)]
    of_length_1 = embedding.equalize(units[0], units[1], units[1] - units[0])
    return {
        "father_mother": cosine(vectors["father"], vectors["mother"]),
        "man_before": cosine(man, gender),
        "woman_before": cosine(woman, gender),
        "man_after_2017": cosine(as_they_are[0], gender),
        "woman_after_2017": cosine(as_they_are[1], gender),
        "man_after_2021": cosine(of_length_1[0], units[1] - units[0]),
        "woman_after_2021": cosine(of_length_1[1], units[1] - units[0]),
    }


def analogies(vectors: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """Answer the course's questions among all words, as both notebooks do."""
    words, table = [*vectors], np.stack([*vectors.values()])
    place = {word: number for number, word in enumerate(words)}
    found = []
    for a, b, c, in_2017, in_2021 in ANALOGIES:
        question = {"question": f"{a} : {b} :: {c} :", "2017": in_2017, "2021": in_2021}
        lacking = [word for word in (a, b, c, in_2017) if word not in place]
        if lacking:
            found.append({**question, "lacking": lacking})
            continue
        at = [place[word] for word in (a, b, c)]
        ours = [words[embedding.analogy(table, *at, excluded=left)] for left in (at, ())]
        found.append({**question, "without_all_three": ours[0], "without_the_third": ours[1]})
    return found


def main() -> None:
    """Compute the figures and store them."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    vectors = read()
    asked = {*OTHERS, *(word for row in ANALOGIES for word in row)}
    result = {
        "device": processor(),
        "n_words": len(vectors),
        "lacking": sorted(asked - vectors.keys()),
        "figures": figures(vectors),
        "analogies": analogies(vectors),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

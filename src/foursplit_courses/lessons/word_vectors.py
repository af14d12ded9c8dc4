"""Word vectors: similar words lie near, analogies are arrows, and a direction can be taken out.

Source: Ng, DLS C5 W2; Pennington, Socher and Manning (2014), GloVe; Bolukbasi et al. (2016), Man is
to computer programmer as woman is to homemaker?
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit_courses.from_scratch.sequence import embedding
from foursplit_courses.lesson_helpers.glove_words import vectors

PAIRS = (("father", "mother"), ("king", "queen"), ("small", "large"), ("computer", "arts"))
ARROWS = {
    "people": (("man", "woman"), ("king", "queen"), ("boy", "girl"), ("brother", "sister")),
    "countries": (("italy", "italian"), ("spain", "spanish"), ("france", "french")),
}
QUESTIONS = (
    ("italy", "italian", "spain"), ("man", "woman", "boy"), ("small", "smaller", "large"),
    ("france", "paris", "japan"), ("man", "king", "woman"),
)  # fmt: skip
OCCUPATIONS = (
    "singer",
    "doctor",
    "president",
    "warrior",
    "actor",
    "computer",
    "technology",
    "arts",
)
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set: nothing."""


def run(_args: Args) -> Lesson:
    """Measure angles and draw arrows of some of GloVe's words."""
    words = vectors()
    gender = words["woman"] - words["man"]
    similar, cosines = _similarity(words)
    analogies, n_right = _analogies(words)
    neutral, largest = _neutralized(words, gender)
    equal, pair = _equalized(words)
    return Lesson(
        title="Word vectors",
        lead=(
            f"Father and mother have a cosine of {cosines['cosine_father_mother']:.4f}; from man "
            "to woman is nearly the same arrow as from boy to girl. Along that direction words "
            f"for work have cosines of up to {largest:.2f}, and none once it is taken out."
        ),
        sections=(similar, analogies, neutral, equal),
        numbers={**cosines, "analogies_right": n_right, "largest_before": largest, **pair},
        source="Ng, DLS C5 W2",
    )


def _similarity(words: dict[str, np.ndarray]) -> tuple[Section, dict[str, float]]:
    found = {f"cosine_{a}_{b}": embedding.cosine_similarity(words[a], words[b]) for a, b in PAIRS}
    rows = tuple((a, b, round(found[f"cosine_{a}_{b}"], 4)) for a, b in PAIRS)
    section = Section(
        heading="Similar words point the same way",
        text=(
            "Each word is 50 numbers, learnt from which words occur near it. The cosine of the "
            "angle between two vectors is their product over their lengths: 1 for one direction, "
            "0 for a right angle. A lookup by number is the product of the table with a one-hot "
            "row, and no product is needed for it.",
        ),
        figures=(Table(title="Cosines", columns=("word", "word", "cosine"), rows=rows),),
    )
    return section, found


def _analogies(words: dict[str, np.ndarray]) -> tuple[Section, float]:
    names, table = [*words], np.stack([*words.values()])
    rows = []
    for question in QUESTIONS:
        at = [names.index(word) for word in question]
        answers = [
            names[embedding.analogy(table, at[0], at[1], at[2], excluded=left)] for left in (at, ())
        ]
        rows.append((*question, *answers))
    wanted = ("spanish", "girl", "larger", "tokyo", "queen")
    section = Section(
        heading="Analogies are arrows",
        text=(
            "A is to b as c is to the word d for which d - c has the highest cosine with b - a. "
            "The drawing has two of the 50 dimensions: the axes along which these words differ "
            "most. Arrows of one kind are nearly parallel.",
            f"The candidates here are the {len(names)} words of this page alone; among all words "
            "the course's questions are answered in docs/headlines.md. What may not be the answer "
            "matters: if only the third word is left out, the second one is often the nearest.",
        ),
        figures=(
            *(_arrows(words, kind, pairs) for kind, pairs in ARROWS.items()),
            Table(
                title="a is to b as c is to …",
                columns=("a", "b", "c", "without all three", "without c alone"),
                rows=tuple(rows),
            ),
        ),
    )
    return section, float(sum(row[3] == right for row, right in zip(rows, wanted, strict=True)))


def _arrows(words: dict[str, np.ndarray], kind: str, pairs: tuple[tuple[str, str], ...]) -> Lines:
    """Draw pairs in the plane of their first two principal components."""
    table = np.stack([words[word] for pair in pairs for word in pair])
    centred = table - table.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    axes *= np.sign(axes[:, np.abs(axes).argmax(axis=1)].diagonal())[:, None]  # one of two signs
    places = (centred @ axes.T).reshape(-1, 2, 2)  # (pair, from and to, axis)
    lines = [
        Series(name=f"{a} → {b}", x=places[n, :, 0], y=places[n, :, 1], group=n)
        for n, (a, b) in enumerate(pairs)
    ]
    ends = [
        Series(name=b, x=places[n, 1:, 0], y=places[n, 1:, 1], mark="points", group=n)
        for n, (_, b) in enumerate(pairs)
    ]
    return Lines(
        title=f"From one word to the other: {kind}",
        x_label="first component",
        y_label="second component",
        series=(*lines, *ends),
        caption="An arrow ends at the point.",
    )


def _neutralized(words: dict[str, np.ndarray], gender: np.ndarray) -> tuple[Section, float]:
    cosine = embedding.cosine_similarity
    before = np.array([cosine(words[word], gender) for word in OCCUPATIONS])
    neutral = [embedding.neutralize(words[word], gender) for word in OCCUPATIONS]
    after = np.array([cosine(vector, gender) for vector in neutral])
    place = np.arange(1, len(OCCUPATIONS) + 1)
    section = Section(
        heading="A direction taken out",
        text=(
            "The direction of gender is woman - man. A word that should not depend on it loses its "
            "part along that direction; what is left is at a right angle to it, and all else is as "
            "it was. The vectors have learnt such parts from what people write.",
        ),
        figures=(
            Lines(
                title="Cosine with the direction of gender",
                x_label=", ".join(f"{n} {word}" for n, word in enumerate(OCCUPATIONS, start=1)),
                y_label="cosine",
                series=(
                    Series(name=BEFORE, x=place, y=before, mark="points"),
                    Series(name=AFTER, x=place, y=np.round(after, 12), mark="crosses"),
                ),
            ),
        ),
    )
    return section, float(np.abs(before).max())


def _equalized(words: dict[str, np.ndarray]) -> tuple[Section, dict[str, float]]:
    """Make father and mother even along the direction from man to woman, all at length 1."""
    cosine = embedding.cosine_similarity
    man, woman, father, mother = (
        words[word] / np.linalg.norm(words[word]) for word in ("man", "woman", "father", "mother")
    )
    gender = woman - man
    pairs = {BEFORE: (father, mother), AFTER: embedding.equalize(father, mother, gender)}
    numbers = {
        f"{name}_{when}": cosine(vector, gender)
        for when, pair in pairs.items()
        for name, vector in zip(("father", "mother"), pair, strict=True)
    }
    doctor = embedding.neutralize(words["doctor"], gender)
    rows = []
    for when, pair in pairs.items():
        cosines = [round(numbers[f"{name}_{when}"], 4) for name in ("father", "mother")]
        rows.append((when, *cosines, *(round(cosine(vector, doctor), 4) for vector in pair)))
    section = Section(
        heading="A pair made even",
        text=(
            "Father and mother should differ in gender alone. Equalized, both have the part that "
            "they share off the direction, and lie on either side of zero along it; so each word "
            "without gender is as near to one as to the other.",
            "The course equalizes man and woman along their own difference. At length 1, as in its "
            "notebook of 2021, they lie evenly before: the step changes nothing. As they are, as "
            "in that of 2017, the part that they share is longer than 1, for which the formula is "
            "not meant; docs/headlines.md has both results.",
        ),
        figures=(
            Table(
                title="Father and mother",
                columns=(
                    "",
                    "father, gender",
                    "mother, gender",
                    "father, doctor",
                    "mother, doctor",
                ),
                rows=tuple(rows),
                caption="Cosines with the direction of gender, and with doctor without gender.",
            ),
        ),
    )
    return section, numbers

"""A surname becomes counts of pairs of letters, whatever accents and signs it carries."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.datasets.names_by_language import (
    N_PAIRS,
    SYMBOLS,
    bigram_counts,
    normalize_spelling,
)

PLAIN = st.text(SYMBOLS, min_size=1, max_size=20)


def at(pair):
    return 27 * SYMBOLS.index(pair[0]) + SYMBOLS.index(pair[1])


def test_worked_by_hand():
    # .anna. has the pairs .a an nn na a., once each.
    counts = bigram_counts("anna")
    assert {i for i in range(N_PAIRS) if counts[i] == 1} == set(
        map(at, [".a", "an", "nn", "na", "a."])
    )
    assert counts.sum() == 5


@given(PLAIN)
def test_counts_agree_with_a_slow_plain_version(name):
    padded = f".{name}."
    slow = Counter(padded[i : i + 2] for i in range(len(padded) - 1))
    counts = bigram_counts(name)
    assert {i: int(counts[i]) for i in np.flatnonzero(counts)} == {
        at(p): n for p, n in slow.items()
    }


@given(st.text(min_size=1, max_size=20))
def test_any_name_can_be_spelt(name):
    assert set(normalize_spelling(name)) <= set(SYMBOLS)
    assert normalize_spelling(normalize_spelling(name)) == normalize_spelling(name)


def test_accents_and_edges_do_not_make_another_name():
    # The naive way fails here: as they are written, these are five names.
    assert {
        normalize_spelling(name) for name in ("Groß", "gross", "GROSS ", " Gróss", "Gröss")
    } == {"gross"}
    assert normalize_spelling("Maxa/B") == "maxa.b"
    assert normalize_spelling("O'Neal") == "o.neal"

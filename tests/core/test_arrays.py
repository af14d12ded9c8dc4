"""Ragged arrays behave like lists of arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.arrays import Ragged, example_axes, row

ROWS = st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=8)


def ragged(rows):
    return Ragged.of([np.array(values, np.int32) for values in rows])


@given(ROWS)
def test_rows_come_back_as_they_went_in(rows):
    array = ragged(rows)
    assert [row(array, number).tolist() for number in range(len(array))] == rows
    assert array.lengths.tolist() == [len(values) for values in rows]


@given(ROWS, st.data())
def test_any_choice_of_rows_is_that_of_a_list(rows, data):
    positions = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9))
    chosen = ragged(rows)[np.array(positions, dtype=np.int64)]
    assert [chosen.row(n).tolist() for n in range(len(chosen))] == [rows[p] for p in positions]
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    masked = ragged(rows)[mask]
    wanted = [values for values, keep in zip(rows, mask, strict=True) if keep]
    assert [masked.row(n).tolist() for n in range(len(masked))] == wanted
    start, stop = sorted(data.draw(st.tuples(st.integers(0, 8), st.integers(0, 8))))
    part = ragged(rows)[start:stop]
    assert [part.row(n).tolist() for n in range(len(part))] == rows[start:stop]


@given(ROWS)
def test_padding_adds_zeros_behind_each_row(rows):
    padded = ragged(rows).padded()
    longest = max(len(values) for values in rows)
    assert padded.tolist() == [values + [0] * (longest - len(values)) for values in rows]


def test_ends_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"ends \[2 5\] must rise to 4"):
        Ragged(np.zeros(4), np.array([2, 5]))
    with pytest.raises(ValueError, match="must rise"):
        Ragged(np.zeros(1), np.array([2, 1]))


def test_the_axes_are_those_of_an_example_or_of_an_element():
    assert example_axes(np.zeros((5, 3, 2))) == (3, 2)
    assert example_axes(Ragged(np.zeros((5, 4)), np.array([5]))) == (4,)


@pytest.mark.parametrize("longest", [5, 3000], ids=["short", "long"])
def test_examples_are_chosen_as_from_a_list_whatever_their_length(longest, rng):
    parts = [rng.integers(0, 9, n).astype(np.int16) for n in rng.integers(0, longest, 30)]
    ragged = Ragged.of(parts)
    for chosen in ([3, 1, 1, 29], [], [0], list(rng.permutation(30))):
        found = ragged[np.array(chosen, dtype=np.int64)]
        assert found.dtype == np.int16
        assert len(found) == len(chosen)
        for number, position in enumerate(chosen):
            assert np.array_equal(found.row(number), parts[position])

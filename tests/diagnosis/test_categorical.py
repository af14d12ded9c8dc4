"""Columns as numbers: quarters as pandas cuts them, words as they are counted."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from foursplit.diagnosis.stats.categorical import category_codes, encode_pair, is_categorical

FLOATS = st.lists(st.floats(-100, 100), min_size=30, max_size=60, unique=True)


@given(FLOATS, FLOATS)
def test_quantities_lie_in_the_quarter_of_the_second_that_pandas_puts_them_in(first, second):
    column = encode_pair("x", pd.Series(first), pd.Series(second))
    edges = np.quantile(second, [0.25, 0.5, 0.75])
    cut = pd.cut(pd.Series(first), [-np.inf, *edges, np.inf], right=False, labels=False)
    ours = [column.labels[code] for code in column.first]
    # One name a quarter, and one quarter a name.
    assert len({(a, b) for a, b in zip(ours, cut, strict=True)}) == len(set(cut)) == len(set(ours))


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=30))
def test_words_are_themselves_and_what_is_missing_has_a_name(values):
    column = encode_pair("x", pd.Series(values, dtype=object), pd.Series(["a"], dtype=object))
    assert [column.labels[k] for k in column.first] == [v or "missing" for v in values]


def test_a_category_is_ranked_by_how_frequent_it_is_and_the_rare_are_one():
    values = pd.Series([*["common"] * 5, *["less"] * 3, *[f"rare{k}" for k in range(80)], None])
    code = category_codes(values)
    assert (code[0], code[5], code[-1]) == (0, 1, -1)
    assert code.max() == 50


def test_few_whole_numbers_and_flags_are_words_and_many_are_quantities():
    assert is_categorical(pd.Series([True, False]))
    assert is_categorical(pd.Series(["1", "2"]))
    assert is_categorical(pd.Series(range(20)))
    assert not is_categorical(pd.Series(range(21)))

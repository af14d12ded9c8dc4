"""What DVC is spared changes no answer of its."""

import dpath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.runner.dvc_adapter.dvc_caching import _direct_lookup

keys = st.one_of(
    st.sampled_from(["a", "b", "a_b", "a.b", "a*", "?", "[ab]", "1", "x y", "None"]),
    st.sampled_from([1, 0, None, True]),
)
leaves = st.sampled_from([0, 1.5, "a", None, [], {}])
trees = st.recursive(
    leaves,
    lambda below: st.dictionaries(keys, below, max_size=4) | st.lists(below, max_size=3),
    max_leaves=12,
)
paths = st.lists(
    st.sampled_from(
        ["a", "b", "a_b", "*", "a*", "**", "?", "[ab]", "[!a]", "1", "0", "-1", "None"]
    ),
    max_size=3,
).map(".".join)


def answer(get, tree, path):
    try:
        return get(tree, path, separator=".")
    except Exception as error:
        return type(error), str(error)


@given(tree=st.dictionaries(keys, trees, max_size=4), path=paths)
def test_a_parameter_looked_up_is_the_parameter_dvc_searches(tree, path):
    # No key is empty: DVC's library refuses all of such a file.
    assert answer(_direct_lookup(dpath.get), tree, path) == answer(dpath.get, tree, path)


def test_what_is_spelled_out_is_looked_up_and_the_rest_searched():
    def search(*_arguments):
        raise LookupError("searched")

    tree = {"fit": {"lr": 0.1, 3: "three"}, "seeds": [1, 2]}
    get = _direct_lookup(search)
    assert get(tree, "fit.lr", ".") == 0.1
    assert get(tree, "fit", ".") is tree["fit"]
    for path in ("fit.*", "fit.3", "seeds.0", "fit.momentum", "fit.lr.more", ""):
        with pytest.raises(LookupError, match="searched"):
            get(tree, path, ".")

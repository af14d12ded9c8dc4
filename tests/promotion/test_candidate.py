"""Detection of the same model and of different examples."""

from dataclasses import replace

import pytest
from tests.promotion import winner
from tests.promotion.winner import GROUP

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.prediction_table import Model
from foursplit.promotion.candidate import describe_difference, is_same_model, read


@pytest.fixture
def strong(project):
    winner.make(project)
    winner.train(sees_strong=True)
    return read(paths.final(GROUP), "loss")


def changed(model, split, **columns):
    """Return a model whose first seed has other values in some columns."""
    first = model.models[0]
    table = first.tables[split]
    other = replace(table, frame=table.frame.assign(**columns))
    changed_seed = Model(tables={**first.tables, split: other}, name=first.name)
    return replace(model, models=(changed_seed, *model.models[1:]))


def test_a_model_knows_its_costs_and_the_order_of_rows_is_no_difference(strong):
    assert strong.costs["n_parameters"] > 0
    assert "flops" not in strong.costs  # scikit-learn's are not known
    table = strong.models[0].tables["dev"]
    turned = changed(
        strong, "dev", **{name: table.frame[name].to_numpy()[::-1] for name in table.frame}
    )
    assert describe_difference(strong, turned) is None
    assert is_same_model(strong, turned)


@pytest.mark.parametrize(
    ("column", "value"), [("y", "other"), ("weight", 2.0), ("content_hash", "other")]
)
@pytest.mark.parametrize("split", ["dev", "test"])
def test_examples_under_the_same_ids_that_are_others_are_seen(strong, split, column, value):
    other = changed(strong, split, **{column: value})
    assert (
        describe_difference(strong, other) == f"{split}: {column!r} differs for 600 of 600 examples"
    )


def test_equal_weights_that_answer_otherwise_are_another_model(strong):
    """The code that reads the weights may have changed: hashes alone would say the same."""
    other = changed(strong, "test", loss=1.0)
    assert other.weights == strong.weights
    assert not is_same_model(strong, other)


def test_other_weights_are_another_model_whatever_they_answer(strong):
    manifests = tuple({**manifest, "model_hash": "x"} for manifest in strong.manifests)
    assert not is_same_model(strong, replace(strong, manifests=manifests))


def test_on_other_examples_equal_weights_need_the_same_architecture(strong):
    other = changed(strong, "dev", weight=2.0)
    assert is_same_model(strong, other)
    manifests = tuple({**manifest, "code": "x"} for manifest in other.manifests)
    assert not is_same_model(strong, replace(other, manifests=manifests))


def test_no_seeds_and_no_such_column_are_refused(strong, tmp_path):
    with pytest.raises(FoursplitError, match="no folder seed_"):
        read(tmp_path / "empty", "loss")
    with pytest.raises(FoursplitError, match="unknown column 'los'. Did you mean 'loss'"):
        read(paths.final(GROUP), "los")

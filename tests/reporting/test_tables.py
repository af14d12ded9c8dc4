"""Slices, confusion matrix and highest-loss examples of a prediction table."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import Examples
from foursplit.evaluation.shown_examples import MAX_WORST, MIN_WORST
from foursplit.reporting.tables.confusion import confusion
from foursplit.reporting.tables.slices import by_column
from foursplit.reporting.tables.worst_examples import worst_examples


def prediction_table(rng, n=60):
    y, y_hat = rng.choice(["a", "b", "c"], n), rng.choice(["a", "b", "c"], n)
    return pd.DataFrame(
        {
            "example_id": [f"e{number}" for number in range(n)],
            "loss": (y != y_hat).astype(float),
            "is_error": y != y_hat,
            "weight": 1.0,
            "y": y,
            "y_hat": y_hat,
            "log_loss": rng.random(n),
            "proba_a": 0.5,
            "proba_b": 0.25,
            "proba_c": 0.25,
            "meta.writer": rng.integers(4, size=n),
            "meta.page": np.arange(n),
        }
    )


SPEC = DatasetSpec(
    title="t", provenance="p", licence="l", cite="c", files=(), target="y", features=("width",)
)


def dev_examples(table, rng):
    return Examples(
        x=rng.random((len(table), 1)).astype(np.float32), metadata=table[["example_id"]].copy()
    )


def test_the_slices_of_a_column_add_up_to_the_examples_and_the_error(rng):
    table = prediction_table(rng)
    writer, page = by_column(table)
    assert sum(s.n for s in writer.slices) == len(table)
    assert sum(s.share_of_error for s in writer.slices) == pytest.approx(1)
    weighted = sum(s.n * s.error for s in writer.slices) / len(table)
    assert weighted == pytest.approx(table["loss"].mean())
    assert page.n_hidden == len(table) - len(page.slices)


def test_slices_of_a_perfect_model_have_no_share_of_the_error(rng):
    table = prediction_table(rng).assign(loss=0.0)
    assert all(s.share_of_error == 0 for s in by_column(table)[0].slices)


def test_weights_count_in_a_slice():
    table = pd.DataFrame(
        {"loss": [1.0, 0.0], "weight": [3.0, 1.0], "meta.day": ["monday", "monday"]}
    )
    assert by_column(table)[0].slices[0].error == 0.75  # 3 of 4


def test_confusions_add_up_to_the_examples(rng):
    table = prediction_table(rng)
    matrix = confusion(table, ["a", "b", "c"])
    cells = [cell for row in matrix.rows for cell in row]
    assert sum(cell.n for cell in cells) == len(table)
    assert sum(cell.n for cell in cells if not cell.is_correct) == table["is_error"].sum()
    counts = [n for _, _, n in matrix.pairs]
    assert counts == sorted(counts, reverse=True)


def test_a_class_that_never_occurs_has_an_empty_row(rng):
    matrix = confusion(prediction_table(rng), ["a", "b", "c", "never"])
    assert [cell.share for cell in matrix.rows[3]] == [0, 0, 0, 0]


def test_worst_examples_are_sorted_by_loss_and_limited(rng):
    table = prediction_table(rng)
    result = worst_examples(table, dev_examples(table, rng), SPEC)
    losses = [float(example.loss) for example in result.examples]
    assert losses == sorted(losses, reverse=True)
    assert len(result.examples) == min(MAX_WORST, table["is_error"].sum())
    assert result.n_wrong == table["is_error"].sum()


def test_a_perfect_model_still_shows_its_highest_losses(rng):
    table = prediction_table(rng).assign(is_error=False)
    assert len(worst_examples(table, dev_examples(table, rng), SPEC).examples) == MIN_WORST


def test_inputs_are_joined_by_example_id(rng):
    table = prediction_table(rng)
    dev = dev_examples(table, rng)
    order = rng.permutation(len(dev))
    shuffled = Examples(x=dev.x[order], metadata=dev.metadata.iloc[order])
    first, second = (worst_examples(table, examples, SPEC) for examples in (dev, shuffled))
    assert [e.inputs for e in first.examples] == [e.inputs for e in second.examples]

"""The penalties that steps read from an experiment of params.yaml."""

import pytest

from foursplit.config.load import load
from foursplit.evaluation.diagnose_experiment import penalties


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("m2w3_six_blobs_overregularised", {"weight_decay": 0.2}),
        ("m2w3_six_blobs_simple", {}),
        ("c4w2_digits_dropout", {"dropout": 0.2}),
        ("c4w2_digits_mlp", {}),
        ("m3w2_film_tastes_factors", {"l2": 3.0, "l2_bias": 5.0}),
    ],
)
def test_penalties_that_are_on_are_named_with_their_values(key, expected):
    assert penalties(load().experiment(key)) == expected

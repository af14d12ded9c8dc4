"""Tables drawn from a rule follow it, but for the labels that are flipped."""

import numpy as np
import pytest
from sklearn.datasets import make_friedman1

from foursplit_courses.from_scratch import synthetic_data


@pytest.mark.parametrize(
    "draw",
    [
        synthetic_data.make_adding_columns,
        synthetic_data.make_disc,
        synthetic_data.make_unlike_columns,
    ],
)
def test_as_many_labels_are_flipped_as_asked_and_the_inputs_stay(draw):
    (x, truth), (same, y) = (
        draw(20_000, flipped, np.random.default_rng(3)) for flipped in (0, 0.2)
    )
    np.testing.assert_array_equal(x, same)
    assert (truth != y).mean() == pytest.approx(0.2, abs=0.012)  # four deviations
    assert set(np.unique(y)) == {0, 1}


def test_without_flips_the_rules_decide():
    x, y = synthetic_data.make_disc(500, 0.0, np.random.default_rng(4))
    np.testing.assert_array_equal(y, np.hypot(*x.T) < 0.5**0.5)
    x, y = synthetic_data.make_unlike_columns(500, 0.0, np.random.default_rng(4))
    rule = [row[0] > 0 if row[-1] else row[1] > 2 for row in x]
    np.testing.assert_array_equal(y, rule)
    x, y = synthetic_data.make_adding_columns(2000, 0.0, np.random.default_rng(4))
    # scikit-learn draws ten inputs by the same rule, of which five matter as here.
    rng = np.random.RandomState(4)
    theirs, response = make_friedman1(2000, random_state=rng)
    assert (y == 1).mean() == pytest.approx((response > 14.3).mean(), abs=0.05)
    for column in range(5):
        ours = np.corrcoef(x[:, column], y)[0, 1]
        assert ours == pytest.approx(
            np.corrcoef(theirs[:, column], response > 14.3)[0, 1], abs=0.08
        )
    assert np.abs([np.corrcoef(x[:, column], y)[0, 1] for column in (5, 6, 7)]).max() < 0.08

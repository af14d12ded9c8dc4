"""Tables drawn from a rule follow it, but for the labels that are flipped."""

import numpy as np
import pytest

from foursplit_courses.from_scratch import synthetic_data


@pytest.mark.parametrize("draw", [synthetic_data.make_disc, synthetic_data.make_unlike_columns])
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

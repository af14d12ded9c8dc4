"""Pages of the first deep learning course: their numbers by another way."""

import numpy as np
import pytest

from foursplit_courses.lessons import hyperparameters


def test_a_network_of_one_unit_is_no_better_than_a_line_and_one_of_eight_is():
    lesson = hyperparameters.run(hyperparameters.Args(n_dev=1000, seeds=2))
    numbers = lesson.numbers
    assert numbers["dev_error_units_1"] > 0.1  # the best line errs on 12 % of such moons
    assert numbers["dev_error_units_8"] < 0.06
    assert numbers["dev_error_learning_rate_0.01"] > numbers["dev_error_learning_rate_1.0"]
    assert numbers["dev_error_learning_rate_100.0"] > numbers["dev_error_learning_rate_1.0"]
    assert numbers["dev_error_steps_20"] > numbers["dev_error_steps_600"]
    base = {numbers[f"dev_error_{n}"] for n in ("units_8", "layers_1", "activation_tanh")}
    assert len(base) == 1  # one training, counted under each name
    by_value = {row[:2]: row[2] for row in lesson.sections[1].figures[0].rows}
    assert by_value["units", "4"] == 2 * 4 + 4 + 4 + 1
    assert by_value["layers", "2"] == 2 * 8 + 8 + 8 * 8 + 8 + 8 + 1
    effects = [value for name, value in numbers.items() if name.startswith("effect_")]
    assert np.isfinite(effects).all()


@pytest.mark.parametrize("args", [{"seeds": 1}, {"n_train": 1}, {"n_dev": 0}])
def test_too_few_starts_or_points_are_refused(args):
    with pytest.raises(ValueError, match=next(iter(args))):
        hyperparameters.Args(**args)

"""Pages of the first deep learning course: their numbers by another way."""

import numpy as np
import pytest

from foursplit.reporting.pages.lesson import page
from foursplit.reporting.plots import playground
from foursplit_courses.lessons import hyperparameters, network_playground


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


@pytest.fixture(scope="module")
def played():
    lesson = network_playground.run(network_playground.Args(n_points=60, steps=(0, 3, 40)))
    return lesson, lesson.as_json()["sections"][0]["figures"][0]


def test_the_playground_has_every_network_and_its_error_is_that_of_the_weights(played):
    lesson, figure = played
    n = np.prod([len(values) for _, values in playground.choices(figure)])
    assert lesson.numbers["n_networks"] == n == 144
    by_name = dict(playground.choices(figure))
    for name, units, activation, rate, penalty, error in lesson.sections[1].figures[0].rows:
        chosen = tuple(
            by_name[choice].index(value)
            for choice, value in zip(by_name, (name, units, activation, rate, penalty), strict=True)
        )
        points = np.asarray(figure["points"][chosen[0]])
        *_, last = playground.forward(figure, chosen, 2, points[:, :2])
        assert f"{((last[:, 0] > 0.5) != (points[:, 2] == 1)).mean():.1%}" == error


def test_equal_networks_begin_equal_and_a_penalty_shrinks_them(played):
    _, figure = played
    chosen = (0, 1, 1, 1, 0)
    first = playground.parameters(figure, chosen, 0)
    for other in ((3, 1, 1, 1, 0), (0, 1, 1, 2, 1)):
        assert np.array_equal(playground.parameters(figure, other, 0), first)
    ends = [playground.parameters(figure, (0, 1, 1, 1, n), 2) for n in (0, 1)]
    assert np.abs(ends[1]).sum() < np.abs(ends[0]).sum()


def test_the_playgrounds_page_is_small_and_loads_nothing(played):
    lesson, _ = played
    text = page({"key": "network_playground", "week": "DLS C1 W3", **lesson.as_json()})
    assert len(text) < 500_000
    assert "src=" not in text


@pytest.mark.parametrize("steps", [(), (3, 1), (-1, 2), (1, 1)])
def test_steps_of_the_playground_that_do_not_rise_are_refused(steps):
    with pytest.raises(ValueError, match="steps"):
        network_playground.Args(steps=steps)

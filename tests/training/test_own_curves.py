"""Curves that a model has of its own training are stored, read and logged as it gave them."""

from types import SimpleNamespace

import numpy as np
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.core.own_curve import OwnCurve
from foursplit.io import own_curves
from foursplit.reporting.plots.lines import lines
from foursplit.reporting.plots.own_curves import MAX_POINTS, figure
from foursplit.tracking.runs.run_data import MAX_CURVE_ROWS, own_points
from foursplit_courses.models import boosted_trees, deep_q


def curve(**values):
    return OwnCurve(title="Return by episode", step="episode", value="return", lines=values)


def part(*curves):
    return SimpleNamespace(own_curves=lambda: list(curves))


def test_what_is_written_is_read_again_to_nine_digits(tmp_path):
    given = curve(a=[1.0, -2.5, 1 / 3], b=np.array([0.0, 1e-12]))
    own_curves.write(tmp_path, object(), part(given), part(curve(c=[7])))
    first, second = own_curves.read(tmp_path)
    assert first == curve(a=[1.0, -2.5, 0.333333333], b=[0.0, 1e-12])
    assert second == curve(c=[7.0])


def test_a_model_without_curves_writes_no_file(tmp_path):
    own_curves.write(tmp_path, object(), part())
    assert [*tmp_path.iterdir()] == []
    assert own_curves.read(tmp_path) == []


def test_one_object_that_is_task_and_network_is_asked_once(tmp_path):
    both = part(curve(a=[1.0]))
    own_curves.write(tmp_path, both, both)
    assert len(own_curves.read(tmp_path)) == 1


@pytest.mark.parametrize(
    ("curves", "named"),
    [
        ([curve(a=[1.0, float("nan")])], ("'a'", "nan", "episode 2")),
        ([curve(a=[float("inf")])], ("'a'", "inf", "episode 1")),
        ([curve(a=[])], ("'a'", "no values")),
        ([curve(a=[1.0]), curve(a=[2.0])], ("'a'", "taken")),
    ],
)
def test_what_cannot_be_drawn_or_logged_is_an_error_that_names_it(tmp_path, curves, named):
    with pytest.raises(FoursplitError) as error:
        own_curves.write(tmp_path, part(*curves))
    assert all(word in str(error.value) for word in named)
    assert [*tmp_path.iterdir()] == []


def test_a_step_of_mlflow_is_a_step_of_the_curve():
    points = own_points([curve(**{"mean return": [5.0, 6.0]})])
    assert points == [("curve/mean_return", 5.0, 1), ("curve/mean_return", 6.0, 2)]
    long = own_points([curve(a=[0.0] * (3 * MAX_CURVE_ROWS))])
    assert len(long) <= MAX_CURVE_ROWS + 1
    assert long[-1][2] == 3 * MAX_CURVE_ROWS  # the last one is there


def test_a_long_curve_is_drawn_by_few_points_with_both_of_its_axes():
    drawn = figure(curve(a=[float(i) for i in range(20 * MAX_POINTS)]))
    assert len(drawn["series"][0]["x"]) <= MAX_POINTS
    assert drawn["series"][0]["x"][0] == 1
    page = str(lines(drawn))
    assert "episode" in page
    assert "return" in page


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c"), ()])
def test_boosting_has_a_loss_of_train_and_of_validation_for_each_round(classes):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((90, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int) + (len(classes) > 2) * (x[:, 1] > 0)
    args = boosted_trees.Args(n_estimators=20, early_stopping_rounds=3, max_depth=2)
    model = boosted_trees.build(args, DataSpec(inputs=(3,), classes=classes), 1)
    model.fit(x, y if classes else x[:, 0])
    (found,) = model.own_curves()
    train, validation = found.lines["train loss"], found.lines["validation loss"]
    assert len(train) == len(validation) > 3
    assert train[-1] < train[0]
    # From its trees: the loss that XGBoost reports for its best round is that of the kept ones.
    best = int(np.argmin(validation))
    held_out = model._validation_mask(len(y))
    if classes:
        p = model.predict_proba(x)[np.arange(len(y)), y]
        losses = [-np.log(p[mask]).mean() for mask in (~held_out, held_out)]
    else:
        residual = model.predict(x) - x[:, 0]
        losses = [np.sqrt((residual[mask] ** 2).mean()) for mask in (~held_out, held_out)]
    np.testing.assert_allclose(losses, [train[best], validation[best]], rtol=1e-4)


def test_an_agent_has_the_return_of_each_episode_and_its_running_mean():
    model = deep_q.build(deep_q.Args(environment="cart", n_episodes=3), DataSpec(inputs=(3,)), 1)
    model.returns = [float(i) for i in range(150)]
    (found,) = model.own_curves()
    mean = found.lines["mean return of the last 100"]
    assert found.lines["return"] == model.returns
    assert mean[:3] == [0.0, 0.5, 1.0]
    assert mean[-1] == pytest.approx(np.mean(range(50, 150)))

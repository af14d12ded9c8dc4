"""The courses' runs are made as they were, and end where independent solvers end."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from benchmarks import published

ROOT = Path(__file__).parents[2]
TEXT = yaml.safe_load((ROOT / "docs/published.yaml").read_text(encoding="utf-8"))
RECIPES = TEXT["recipes"]
SHORT = {**RECIPES["microchips"], "iterations": 50, "learning_rate": 0.3, "penalty": 2.0}

mirrored = pytest.mark.skipif(
    not os.environ.get("FOURSPLIT_MIRROR"),
    reason="no mirror of the data sets: FOURSPLIT_MIRROR is not set",
)


@pytest.fixture(autouse=True)
def _one_thread():
    """Steps of a hundred numbers are not worth a second thread, which would only be waited for."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def chips(rng, n=40):
    x = rng.uniform(-1, 1, (n, 2))
    y = (rng.random(n) < expit(2 - 6 * (x**2).sum(axis=1))).astype(float)
    return published.Table(x=x, y=y, classes=("no", "yes"))


def powers(x):
    """Give the 27 products in the course's order: by degree, the first input's power falling."""
    first, second = x.T
    return np.stack(
        [first ** (d - k) * second**k for d in range(1, 7) for k in range(d + 1)], axis=1
    )


def head(module):
    last = module.net[-1]
    return np.append(last.weight.detach().numpy(), last.bias.detach().numpy())


def test_the_steps_are_those_of_a_plain_loop(rng):
    table, n = chips(rng), 40
    features = powers(table.x)
    w, b = np.random.RandomState(1).rand(27) - 0.5, 1.0
    for _ in range(50):
        wrong = expit(features @ w + b) - table.y
        w, b = w - 0.3 * (features.T @ wrong + 2.0 * w) / n, b - 0.3 * wrong.mean()
    module, costs = published.steps(SHORT, table)
    np.testing.assert_allclose(head(module), [*w, b], rtol=1e-10)
    assert len(costs) == 50


def test_the_converged_logistic_fit_is_scikit_learns(rng):
    table = chips(rng)
    module = published.converged(SHORT, table)
    other = LogisticRegression(C=1 / 2.0, tol=1e-12, max_iter=100_000)
    other.fit(powers(table.x), table.y)
    np.testing.assert_allclose(head(module), [*other.coef_[0], *other.intercept_], atol=1e-5)
    accuracy = published.measured(SHORT, module, table)["accuracy"]
    assert accuracy == pytest.approx(other.score(powers(table.x), table.y))


@pytest.mark.parametrize("penalty", [0, 3.0])
def test_the_converged_line_solves_the_normal_equation(rng, penalty):
    x = rng.uniform(5, 20, (60, 1))
    table = published.Table(x=x, y=1.2 * x[:, 0] - 4 + rng.normal(size=60), classes=())
    module = published.converged({**RECIPES["profit"], "penalty": penalty}, table)
    full = np.hstack([x, np.ones((60, 1))])
    solved = np.linalg.solve(full.T @ full + np.diag([penalty, 0]), full.T @ table.y)
    np.testing.assert_allclose(head(module), solved, rtol=1e-6)


def test_a_penalised_line_descends_to_the_same_place(rng):
    """The naive way fails here: our loss is twice the course's cost, its penalty would be half."""
    x = rng.normal(size=(60, 1))
    table = published.Table(x=x, y=3 * x[:, 0] + 1, classes=())
    recipe = {**RECIPES["profit"], "penalty": 30.0, "learning_rate": 0.3, "iterations": 500}
    there = head(published.converged(recipe, table))
    np.testing.assert_allclose(head(published.steps(recipe, table)[0]), there, rtol=1e-6)


def test_each_repeat_holds_out_every_row_once():
    rounds = list(published.split_folds(23, {"n_folds": 5, "repeats": 3, "seed": 1}))
    assert len(rounds) == 15
    for start in (0, 5, 10):
        judged = np.sum([judged for _, judged in rounds[start : start + 5]], axis=0)
        assert (judged == 1).all()
    assert all((train != judged).all() for train, judged in rounds)


def test_the_interval_worked_by_hand():
    # Two values, 0 and 1, of two folds: variance 1/2, times (1/2 + 1/1) is 3/4; Student's t with
    # one degree of freedom is 12.706 at 97.5 %; 12.706 * sqrt(3/4) = 11.004.
    found = published.estimate([0.0, 1.0], n_folds=2)
    assert found["mean"] == 0.5
    assert found["hi"] - found["mean"] == pytest.approx(11.004, abs=1e-3)
    assert found["mean"] - found["lo"] == pytest.approx(11.004, abs=1e-3)


def test_a_constant_answer_worked_by_hand():
    labels = published.Table(x=np.zeros((4, 1)), y=np.array([0.0, 0, 0, 1]), classes=("no", "yes"))
    found = published.trivial(RECIPES["exam"], labels, labels)
    assert found["accuracy"] == 0.75
    assert found["cost"] == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    amounts = published.Table(x=np.zeros((2, 1)), y=np.array([1.0, 5.0]), classes=())
    # The mean is 3, both are 2 off: half of 4.
    assert published.trivial(RECIPES["profit"], amounts, amounts) == {"cost": 2.0}


@mirrored
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_kept_figures_are_what_the_run_gives_in_ci(name, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ACCEPT", "course_portland_houses,course_exam_microchips")
    kept = json.loads(published.RESULT.read_text(encoding="utf-8"))["tables"][name]
    made = published.reproduce(RECIPES[name], published.read(RECIPES[name]["dataset"]))
    for way in ("course", "converged", "trivial"):
        assert made[way] == pytest.approx(kept[way], rel=1e-5)


@mirrored
def test_the_real_line_and_boundaries_end_where_other_solvers_do(monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ACCEPT", "course_portland_houses,course_exam_microchips")
    kept = json.loads(published.RESULT.read_text(encoding="utf-8"))["tables"]
    cities = published.read("profit")
    line = np.polyfit(cities.x[:, 0], cities.y, 1)
    end = kept["profit"]["converged"]
    np.testing.assert_allclose([end["weight"], end["bias"]], line, rtol=1e-6)
    for name, change in (("exam", lambda x: x), ("microchips", powers)):
        table, penalty = published.read(name), RECIPES[name]["penalty"]
        # No penalty is as good as none at all: C is its inverse.
        other = LogisticRegression(C=1 / penalty if penalty else 1e12, tol=1e-10, max_iter=10**6)
        other.fit(change(table.x), table.y)
        assert kept[name]["converged"]["accuracy"] == other.score(change(table.x), table.y)

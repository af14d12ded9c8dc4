"""The lesson of descent gives the figures that the course prints, and others where asked."""

import numpy as np
import pytest
from ruamel.yaml import YAML
from tests.conftest import PROJECT

from foursplit.config.load import parse
from foursplit_courses.lessons.gradient_descent import Args, run

BLOCK = YAML(typ="safe").load(PROJECT / "params.yaml")["lessons"]["supervised"]["gradient_descent"]


def args(**changes):
    return parse(Args, {**BLOCK["args"], **changes}, "args")


def test_it_ends_where_the_course_ends():
    found = run(args()).numbers
    assert f"{found['w']:.2f} {found['b']:.2f}" == "199.99 100.01"
    assert f"{found['cost_first_step']:.2e}" == "7.93e+04"
    assert f"{found['cost_too_large_end']:.2e}" == "5.60e+09"  # 10 steps at 0.8
    assert found["cost_end"] < 1e-5
    # The curvature's trace is 7/2 and its determinant 1/4.
    assert found["largest_rate"] == pytest.approx(2 / ((3.5 + np.sqrt(3.5**2 - 1)) / 2))


def test_the_table_has_the_costs_that_the_course_prints():
    tables = [f for s in run(args()).sections for f in s.figures if hasattr(f, "columns")]
    costs = {row[0]: f"{row[1]:.2e}" for row in tables[0].rows}
    assert costs[9000] == "2.90e-05"
    does = {row[0]: row[-1] for row in tables[1].rows}
    assert (does["0.003"], does["0.1"], does["1"]) == ("falls", "converges", "diverges")


def test_the_bowl_is_lowest_at_the_best_line():
    surface, contour = next(s for s in run(args(n_grid=41)).sections if "bowl" in s.heading).figures
    row, column = np.unravel_index(np.argmin(surface.z), np.shape(surface.z))
    assert (surface.x[column], surface.y[row]) == pytest.approx((200, 100))
    np.testing.assert_array_equal(surface.z, contour.z)
    assert surface.path[0] == (0, 0, 85_000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": [1.0, 1.0]}, "sizes: .* must be two different ones"),
        ({"prices": [1.0]}, "prices: .* must be as many as there are sizes"),
        ({"learning_rate_too_large": 0.5}, r"learning_rate_too_large: 0.5 must be above 0.584"),
        ({"learning_rate": 0.7}, "learning_rate: 0.7 must be below 0.584"),
        ({"learning_rate": 0.0}, "learning_rate: 0.0 must be above 0"),
        ({"n_steps": 0}, "n_steps: 0 must be at least 1"),
        ({"learning_rates": []}, "learning_rates: .* one rate at least"),
        ({"learning_rates": [0.1, -1.0]}, "learning_rates: .* above 0"),
        ({"n_grid": 2}, "n_grid: 2 must be at least 3"),
    ],
)
def test_what_is_wrong_is_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=message):
        args(**changes)

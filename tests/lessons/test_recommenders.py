"""The lesson of recommenders says what its numbers say, and the same each time."""

import json

import numpy as np
import pytest

from foursplit.core.lesson_figures import Lines
from foursplit_courses.lessons.recommenders import Args, run


@pytest.fixture(scope="module")
def lesson():
    return run(Args())


def figures(lesson):
    return {figure.title: figure for section in lesson.sections for figure in section.figures}


def test_the_same_seed_gives_the_same_page_and_another_seed_another(lesson):
    page = json.dumps(lesson.as_json())
    assert page == json.dumps(run(Args()).as_json())
    assert page != json.dumps(run(Args(seed=2)).as_json())


def test_the_cost_falls_by_either_way_and_further_where_a_side_is_solved(lesson):
    stepped, solved = figures(lesson)["Cost on the ratings that are learnt from"].series
    assert (np.diff(stepped.y) < 0).all()
    assert (np.diff(solved.y) < 0).all()
    assert solved.y[5] < stepped.y[60]


def test_a_free_model_overfits_and_a_held_back_one_learns_too_little(lesson):
    lines = {
        s.name: s.y for s in figures(lesson)["Error over the penalty, by number of features"].series
    }
    held, train = lines["8 features, held out"], lines["8 features, train"]
    best = int(np.argmin(held))
    assert 0 < best < len(held) - 1
    assert (np.diff(train) > 0).all()
    assert held[0] - train[0] > 3 * (held[-1] - train[-1])


def test_nobody_beats_the_tastes_and_ratings_help(lesson):
    for figure in figures(lesson).values():
        if isinstance(figure, Lines) and figure.title.startswith("Error "):
            lines = {series.name: np.array(series.y) for series in figure.series}
            if "noise floor" not in lines:
                continue
            floor = lines.pop("noise floor")
            for errors in lines.values():
                assert (errors > floor).all()
                assert errors[-1] < errors[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_text_says_of_strangers_and_lists_holds_for_other_draws(seed):
    numbers = run(Args(seed=seed)).numbers
    assert numbers["held_out_error"] < 0.7 * numbers["mean_error"]
    assert numbers["new_film_by_genre"] < numbers["new_film_by_features"]
    assert numbers["list_error"] < numbers["list_error_by_mean"]


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match="n_films: 3 must be at least 60"):
        Args(n_films=3)
    with pytest.raises(ValueError, match=r"density: 1\.0 must be between 0 and 1"):
        Args(density=1.0)

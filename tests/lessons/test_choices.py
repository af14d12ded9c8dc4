"""No page chooses on the rows that it quotes: other test labels change figures, never a choice."""

from types import SimpleNamespace

import numpy as np
import pytest

from foursplit_courses.from_scratch import synthetic_data
from foursplit_courses.lessons import decision_tree, overfitting, regularisation, tree_ensembles

ENSEMBLES = tree_ensembles.Args(
    n_train=120, n_held_out=300, n_estimators_forest=5, n_estimators_boosting=15
)
PAGES = {
    # The lesson, what draws its data, at which call it draws test, what is chosen, what is quoted.
    "overfitting": (
        overfitting,
        overfitting.Args(grid=5),
        "make_noisy_wave",
        1,
        ("best_degree", "validation_chosen"),
        ("test_chosen", "test_line"),
    ),
    "regularisation": (
        regularisation,
        regularisation.Args(grid=5),
        "make_noisy_wave",
        2,
        ("best_penalty",),
        ("test_chosen", "test_largest"),
    ),
    "decision_tree": (
        decision_tree,
        decision_tree.Args(n_train=100, n_held_out=300),
        "make_disc",
        2,
        ("best_depth",),
        ("test_chosen", "test_deepest"),
    ),
    "tree_ensembles": (
        tree_ensembles,
        ENSEMBLES,
        "make_adding_columns",
        2,
        ("best_max_depth", "best_min_samples_split", "boosting_stop"),
        ("tree_error", "forest_error", "boosting_error"),
    ),
}


def draw_with_other_labels(draw, of_test):
    """Draw as `draw` does, but for the labels at the call numbered `of_test`."""
    calls = iter(range(1000))

    def drawn(*args):
        result = draw(*args)
        if next(calls) != of_test:
            return result
        x, y = result
        y = 1 - y if np.asarray(y).dtype.kind == "i" else -y
        return type(result)(x, y) if hasattr(result, "_fields") else (x, y)

    return drawn


@pytest.mark.parametrize("name", PAGES)
def test_other_test_labels_change_no_choice(name, monkeypatch):
    lesson, args, draw, of_test, chosen, quoted = PAGES[name]
    before = lesson.run(args).numbers
    changed = draw_with_other_labels(getattr(synthetic_data, draw), of_test)
    if hasattr(lesson, draw):
        monkeypatch.setattr(lesson, draw, changed)
    else:
        names = {n: getattr(synthetic_data, n) for n in dir(synthetic_data)} | {draw: changed}
        monkeypatch.setattr(lesson, "synthetic_data", SimpleNamespace(**names))
    after = lesson.run(args).numbers
    for key in chosen:
        assert after[key] == before[key]
    for key in quoted:
        assert after[key] != before[key]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_test_chips_change_no_degree_and_no_penalty(seed, monkeypatch):
    for lesson, key, error in (
        (overfitting, "chips_best_degree", "chips_test_error_chosen"),
        (regularisation, "chips_best_penalty", "chips_test_error_chosen"),
    ):
        args = lesson.Args(grid=5, n_held_out=300, seed=seed)
        before = lesson.run(args).numbers
        draw = synthetic_data.make_microchips

        def changed(n, rng, args=args, draw=draw):
            chips = draw(n, rng)
            half = (n - args.n_chips) // 2
            y = chips.y.copy()
            y[args.n_chips + half :] = 1 - y[args.n_chips + half :]
            return type(chips)(chips.x, y)

        monkeypatch.setattr(synthetic_data, "make_microchips", changed)
        after = lesson.run(args).numbers
        monkeypatch.undo()
        assert after[key] == before[key]
        assert after[error] == pytest.approx(1 - before[error])

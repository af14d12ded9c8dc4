"""The pages on trees show what they say: published gains, stops, and draws that repeat."""

import json

import numpy as np
import pytest

from foursplit.core.lesson_figures import Slider, Table
from foursplit_courses.lessons import decision_tree, tree_ensembles, trees_or_network

SMALL = {"n_train": 120, "n_held_out": 300}
SHORT = {
    decision_tree: decision_tree.Args(**SMALL, depths=(1, 2, 5)),
    tree_ensembles: tree_ensembles.Args(**SMALL, n_estimators_forest=10, n_estimators_boosting=30),
    trees_or_network: trees_or_network.Args(
        **SMALL, n_estimators_forest=5, max_epochs=5, n_repeats=1
    ),
}


@pytest.mark.parametrize("file", SHORT)
def test_the_same_arguments_give_the_same_page(file):
    one, two = (json.dumps(file.run(SHORT[file]).as_json()) for _ in range(2))
    assert one == two
    assert "NaN" not in one


def test_the_page_prints_the_ten_mushrooms_gains():
    lesson = decision_tree.run(SHORT[decision_tree])
    found = [lesson.numbers[f"gain_{name}"] for name in ("brown_cap", "tapering_stalk", "solitary")]
    assert found == pytest.approx([0.034851554559677034, 0.12451124978365313, 0.2780719051126377])
    (tree,) = (f for f in lesson.sections[1].figures if f.title == "The whole tree")
    assert isinstance(tree, Table)
    assert [row[3] for row in tree.rows[:2]] == ["solitary?", "brown cap?"]
    assert sum(row[1] for row in tree.rows if str(row[3]).startswith("nothing")) == 10


def test_a_slider_has_a_figure_for_each_depth():
    lesson = decision_tree.run(SHORT[decision_tree])
    sliders = [f for s in lesson.sections for f in s.figures if isinstance(f, Slider)]
    assert [slider.values for slider in sliders] == [("1", "2", "5")] * 2


def test_the_stop_is_where_patience_ends():
    # Lowest at place 1, then two rounds without a lower one; 0.1 is never reached.
    assert tree_ensembles._stopped([0.5, 0.3, 0.4, 0.35, 0.1], 2) == 1
    assert tree_ensembles._stopped([0.5, 0.3, 0.4, 0.35, 0.1], 3) == 4
    assert tree_ensembles._stopped([0.5, 0.4, 0.3], 1) == 2


def test_forest_and_boosting_are_ahead_where_effects_add_up():
    lesson = tree_ensembles.run(tree_ensembles.Args(n_estimators_boosting=60))
    numbers = lesson.numbers
    assert numbers["forest_gain_low"] > 0.02
    assert numbers["boosting_gain_low"] > 0
    assert numbers["questions_forest_gain"] < numbers["forest_gain"] / 3
    # The interval is McNemar's: the rows on which one of two is wrong, b and c of n, say all.
    base, other = np.array([1, 1, 1, 0, 0, 0, 0, 0]) > 0, np.array([1, 0, 0, 1, 0, 0, 0, 0]) > 0
    mean, low, high = tree_ensembles._interval(base, other)
    n, b, c = 8, 2, 1
    half = 1.96 * np.sqrt((b + c - (b - c) ** 2 / n) / (n - 1) / n)
    assert (mean, low, high) == pytest.approx((1 / 8, 1 / 8 - half, 1 / 8 + half))


def test_a_logarithm_changes_no_answer_of_a_tree_but_by_where_a_threshold_lies():
    args = SHORT[trees_or_network]
    plain, bent = (
        draw(args, 200, np.random.default_rng(4))
        for draw in (trees_or_network.boxes, trees_or_network.prepared)
    )
    np.testing.assert_array_equal(plain[1], bent[1])
    models = [trees_or_network._models(args)["tree"]().fit(*data) for data in (plain, bent)]
    answers = [model.predict(x) for model, (x, _) in zip(models, (plain, bent), strict=True)]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("file", SHORT)
def test_wrong_arguments_are_named(file):
    with pytest.raises(ValueError, match=r"flipped: 0\.5 must be from 0 to below 0\.5"):
        file.Args(flipped=0.5)


def test_depths_must_rise():
    with pytest.raises(ValueError, match=r"depths: \(3, 2\) must be rising"):
        decision_tree.Args(depths=(3, 2))

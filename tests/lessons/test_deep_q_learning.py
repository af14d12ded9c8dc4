"""The page on deep Q-learning: what it says is what its agents earned."""

import numpy as np
import pytest

from foursplit_courses.lessons.deep_q_learning import Args, run


def test_a_page_repeats_to_the_byte_and_its_table_is_its_numbers():
    args = Args(n_episodes=12, seeds=(3, 4), held_out=3, window=5)
    first, second = run(args), run(args)
    assert first.as_json() == second.as_json()
    curves, table = first.sections[0].figures
    assert [len(series.x) for series in curves.series] == [8, 8, 8]
    assert [row[1] for row in table.rows] == list(first.numbers.values())[:3]
    for _, mean, _, worst, best in table.rows:
        assert worst <= mean <= best
        assert mean == pytest.approx((worst + best) / 2)


def test_replay_is_what_it_learns_by():
    lesson = run(Args(n_episodes=150, seeds=(1, 2, 3, 4), held_out=10))
    assert lesson.numbers["lost_with_no_replay"] > 60  # of 200 ticks
    final = [float(np.asarray(series.y)[-1]) for series in lesson.sections[0].figures[0].series]
    assert final[0] > 150


@pytest.mark.parametrize(
    ("given", "words"),
    [({"n_episodes": 0}, "n_episodes"), ({"n_episodes": 5}, "window"), ({"seeds": (1,)}, "seeds")],
)
def test_a_bad_argument_is_refused_by_name(given, words):
    with pytest.raises(ValueError, match=words):
        Args(**given)

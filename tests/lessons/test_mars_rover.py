"""The rover's page says what can be worked out by hand."""

import numpy as np
import pytest

from foursplit.core.lesson_figures import Slider
from foursplit_courses.lessons.mars_rover import Args, run


def test_its_numbers_are_those_by_hand():
    # 100 g^4 = 40 g at g = 0.4^(1/3) = 0.737: of hundredths, 0.74 is the first above.
    numbers = run(Args()).numbers
    assert numbers["q_state_2_left"] == pytest.approx(50)
    assert numbers["turning_discount"] == pytest.approx(0.74)
    assert numbers["value_state_2_most_missteps"] < numbers["value_state_2"]


def test_the_slider_shows_the_table_of_its_discount():
    sliders = [f for s in run(Args()).sections for f in s.figures if isinstance(f, Slider)]
    table = sliders[0].figures[sliders[0].start]
    assert sliders[0].values[sliders[0].start] == "0.5"
    assert [row[1] for row in table.rows] == pytest.approx([100, 50, 25, 12.5, 6.25, 40])
    assert [row[3] for row in table.rows] == ["ends", "left", "left", "left", "right", "ends"]
    assert len(sliders[1].figures) == len(Args().missteps)


def test_a_rover_that_never_turns_says_so():
    lesson = run(Args(rewards=(1.0, 0.0, 0.0, 0.0, 0.0, 40.0)))
    assert np.isnan(lesson.numbers["turning_discount"])
    assert "never left" in lesson.lead


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rewards": (1.0, 2.0)}, "rewards"),
        ({"discounts": (0.5, 1.0)}, "discount: 1.0"),
        ({"missteps": (1.5,)}, "missteps: 1.5"),
        ({"discounts": ()}, "discounts: give"),
    ],
)
def test_a_bad_argument_is_refused_by_name(given, words):
    with pytest.raises(ValueError, match=words):
        Args(**given)

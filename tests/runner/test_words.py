"""What a stage drew on its terminal is shown as it looked in the end."""

import pytest

from foursplit.runner.job import terminal_text
from foursplit.runner.progress_display import format_duration


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("one\r\ntwo\r\n", "one\ntwo"),
        ("10 %\r20 %\r30 %\r\ndone\r\n", "30 %\ndone"),
        ("\r\x1b[K  epoch 1\r\x1b[K  epoch 2\r\x1b[Kdone\r\n", "done"),
        ("\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m"),  # colours stay
        ("", ""),
    ],
)
def test_lines_drawn_anew_are_shown_once(written, seen):
    assert terminal_text(written) == seen


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.6, "60 s"), (100, "1 min 40 s"), (7300, "2.0 h")],
)
def test_times_are_written_as_people_say_them(seconds, said):
    assert format_duration(seconds) == said

"""What is shown of a run fits the terminal, whatever its width."""

import io

import pytest
from rich.console import Console

from foursplit.runner.progress_display import Display, Status

PROGRESS = "seed 1 · epoch 1/78 · train loss 1.1051 · dev error 5.41% · 740 s left"


def shown(width, running):
    display = Display(total=6)
    display.console = Console(file=io.StringIO(), width=width, force_terminal=True)
    status = Status(done=4, total=6, waiting=1, seconds_left=12.0, running=running)
    return [line.plain for line in display._lines(status)]


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("title", ["train@c2w3_wine_softmax", "train@m2w4_heart_hospitals_boosted"])
def test_the_dev_error_is_never_cut(width, title):
    lines = shown(width, {title: (12.0, PROGRESS)})
    assert any("dev error 5.41%" in line and "740 s left" in line for line in lines)
    assert any(title in line for line in lines)
    assert all(len(line) <= width for line in lines)


def test_what_fits_is_one_line():
    (stage, summary) = shown(200, {"train@a": (12.0, PROGRESS)})
    assert PROGRESS in stage
    assert summary.startswith("4 of 6 done")

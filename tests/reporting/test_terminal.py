"""The table on the terminal."""

import dataclasses
import io

import pytest
from rich.console import Console

from foursplit.reporting import terminal
from foursplit.reporting.numbers import percent


def printed(entries, width):
    text = io.StringIO()
    Console(file=text, width=width, highlight=False).print(terminal.table(entries, width))
    return text.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 170])
def test_no_figure_is_cut_at_any_usual_width(entries, width):
    text = printed(entries, width)
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())
    for entry in entries:
        row = next(line for line in text.splitlines() if entry.key.split("_")[1] in line)
        for error in entry.errors().values():
            assert ("sealed" if error is None else percent(error)) in row


def test_what_is_not_a_terminal_gets_plain_text_with_whole_keys(entries):
    text = terminal.render(entries)
    assert "\x1b" not in text
    assert "wines_good" in text
    assert "! wines_bad: not significantly better than the baseline on dev" in text
    assert "! wines_bad: violates a bound: n_parameters 120 exceeds 100" in text


def test_a_key_with_brackets_is_no_markup(entries):
    entry = dataclasses.replace(entries[0], key="[red]x[/red]")
    assert "[red]x[/red]" in printed([entry], 170)

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


def test_whom_dev_does_not_distinguish_and_failed_seeds_are_named(entries):
    seeds = {"failed": ["seed_2"]}
    entry = dataclasses.replace(
        entries[0],
        key="best",
        tied_with=None,
        not_distinguished=("second", "third"),
        diagnosis={**entries[0].diagnosis, "seed_agreement": seeds},
    )
    notes = terminal.notes([entry])
    assert "* best: best on dev, which does not distinguish it from second, third" in notes
    assert "! best: training failed for seed_2" in notes
    cheaper = dataclasses.replace(entry, tied_with="dear", not_distinguished=())
    assert any("selected as cheaper than dear" in note for note in terminal.notes([cheaper]))

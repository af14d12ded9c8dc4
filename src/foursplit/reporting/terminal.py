"""The table that ends a run: where each experiment's error comes from, and what to try next."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from foursplit.core.splits import SPLITS, TITLES
from foursplit.core.terminal import line, printable
from foursplit.evaluation.results import Entry
from foursplit.reporting.numbers import percent
from foursplit.reporting.tables import findings

FULL = 120  # columns from which whole keys fit
SPLIT = 100  # columns from which the next step has a column of its own
PLAIN = 170  # columns of a file or pipe: every row on one line


def show(entries: Sequence[Entry]) -> None:
    """Print the table, and what its marks mean."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN)
    console.print(table(entries, console.width))
    for note in notes(entries):
        console.print(Text(line(note), style="dim"))


def table(entries: Sequence[Entry], width: int = SPLIT) -> Table:
    """Lay the table out for a screen of `width` columns; figures are never cut."""
    made = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    made.add_column("experiment", overflow="fold")
    made.add_column("human", justify="right", no_wrap=True)
    for split in SPLITS:
        made.add_column(TITLES[split], justify="right", no_wrap=True)
    if width >= SPLIT:
        made.add_column("verdict", no_wrap=width >= FULL)
        made.add_column("next step", overflow="fold")
    else:
        made.add_column("verdict, next step", overflow="fold")
    for group in dict.fromkeys(entry.experiment.group for entry in entries):
        made.add_row(Text(group, style="bold"))
        for entry in entries:
            if entry.experiment.group == group:
                made.add_row(*_row(entry, width))
    return made


def notes(entries: Sequence[Entry]) -> list[str]:
    """Explain the marks, and say what is wrong with whom."""
    lines = ["* chosen on dev: the one experiment of its group whose test error was measured"]
    if any(len(entry.summaries) > 1 for entry in entries):
        lines.append("several seeds: errors are means; intervals hold what training again changes")
    for entry in entries:
        if entry.tied_with:
            lines.append(f"* {entry.key}: tied with {entry.tied_with} on dev, and the cheaper")
        if not entry.beats_baseline:
            lines.append(f"! {entry.key}: not shown to beat the trivial predictor on dev")
        lines += [f"! {entry.key}: breaks a bound: {bound}" for bound in entry.broken_bounds]
    return lines


def _row(entry: Entry, width: int) -> list[Text]:
    flagged = entry.broken_bounds or not entry.beats_baseline
    marks = f"{'*' if entry.winner else ' '}{'!' if flagged else ' '} "
    name = entry.key
    if width < FULL:
        # The group stands above, and most keys begin with its name.
        name = name.removeprefix(f"{entry.experiment.group}_")
    verdict, step = findings.short_verdict(entry.diagnosis), findings.first_step(entry.diagnosis)
    style = "bold" if entry.winner else ""
    human = Text("-", style="dim") if entry.human is None else Text(percent(entry.human))
    told = [verdict, step] if width >= SPLIT else [_stacked(verdict, step)]
    told = [printable(one) for one in told]
    return [
        Text(marks + name, style=style),
        human,
        *(_error(entry, split) for split in SPLITS),
        *map(Text, told),
    ]


def _stacked(verdict: str, step: str) -> str:
    return verdict if step == findings.NO_STEP else f"{verdict}\n{step}"


def _error(entry: Entry, split: str) -> Text:
    value = entry.error(split)
    if value is not None:
        return Text(percent(value))
    return Text("sealed" if split == "test" else "-", style="dim")

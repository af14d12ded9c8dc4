"""The summary table of a run: errors, verdict and next step of every experiment."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from foursplit.core.splits import SPLITS, TITLES
from foursplit.core.terminal import line, printable
from foursplit.evaluation.results import ExperimentResult
from foursplit.reporting.numbers import percent
from foursplit.reporting.tables import findings

FULL_KEYS_WIDTH = 120  # columns from which whole keys fit
TWO_COLUMNS_WIDTH = 100  # columns from which the next step has its own column
FILE_WIDTH = 170  # columns of a file or pipe: every row on one line


def render(entries: Sequence[ExperimentResult], *, legend: bool = True) -> str:
    """Return the table, and the legend of its marks, as this terminal prints them."""
    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=FILE_WIDTH)
    with console.capture() as capture:
        console.print(table(entries, console.width))
        for note in notes(entries) if legend else ():
            console.print(Text(line(note), style="dim"))
    return capture.get()


def table(entries: Sequence[ExperimentResult], width: int = TWO_COLUMNS_WIDTH) -> Table:
    """Build the table for a terminal of `width` columns; numbers are never truncated."""
    result = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    result.add_column("experiment", overflow="fold")
    result.add_column("human", justify="right", no_wrap=True)
    for split in SPLITS:
        result.add_column(TITLES[split], justify="right", no_wrap=True)
    if width >= TWO_COLUMNS_WIDTH:
        result.add_column("verdict", no_wrap=width >= FULL_KEYS_WIDTH)
        result.add_column("next step", overflow="fold")
    else:
        result.add_column("verdict, next step", overflow="fold")
    for group in dict.fromkeys(entry.experiment.group for entry in entries):
        result.add_row(Text(group, style="bold"))
        for entry in entries:
            if entry.experiment.group == group:
                result.add_row(*_row(entry, width))
    return result


def notes(entries: Sequence[ExperimentResult]) -> list[str]:
    """Explain the marks; name whom dev does not distinguish, failed seeds and violated bounds."""
    lines = [
        "* winner on dev; sealed = test not opened; only the group's winner is evaluated on it"
    ]
    if any(len(entry.summaries) > 1 for entry in entries):
        lines.append(
            "several seeds: errors are means; intervals include the variance between seeds"
        )
    for entry in entries:
        if entry.tied_with:
            lines.append(
                f"* {entry.key}: selected as cheaper than {entry.tied_with} and shown not to be "
                "worse by more than the group's min_gain"
            )
        if entry.not_distinguished:
            lines.append(
                f"* {entry.tied_with or entry.key}: best on dev, which does not distinguish it "
                f"from {', '.join(entry.not_distinguished)}"
            )
        if entry.failed_seeds:
            lines.append(f"! {entry.key}: training failed for {', '.join(entry.failed_seeds)}")
        if not entry.beats_baseline:
            lines.append(f"! {entry.key}: not significantly better than the baseline on dev")
        lines += [f"! {entry.key}: violates a bound: {bound}" for bound in entry.broken_bounds]
    return lines


def _row(entry: ExperimentResult, width: int) -> list[Text]:
    flagged = entry.broken_bounds or not entry.beats_baseline
    marks = f"{'*' if entry.winner else ' '}{'!' if flagged else ' '} "
    name = entry.key
    if width < FULL_KEYS_WIDTH:
        # The row above names the group, and most keys begin with it.
        name = name.removeprefix(f"{entry.experiment.group}_")
    verdict, step = findings.short_verdict(entry.diagnosis), findings.first_step(entry.diagnosis)
    style = "bold" if entry.winner else ""
    human = Text("-", style="dim") if entry.human is None else Text(percent(entry.human))
    conclusion = [verdict, step] if width >= TWO_COLUMNS_WIDTH else [_stacked(verdict, step)]
    return [
        Text(f"{marks}{name}{' (tie)' if entry.tied_with else ''}", style=style),
        human,
        *(_error(entry, split) for split in SPLITS),
        *(Text(printable(text)) for text in conclusion),
    ]


def _stacked(verdict: str, step: str) -> str:
    return verdict if step == findings.NO_STEP else f"{verdict}\n{step}"


def _error(entry: ExperimentResult, split: str) -> Text:
    value = entry.error(split)
    if value is not None:
        return Text(percent(value))
    return Text("sealed" if split == "test" else "-", style="dim")

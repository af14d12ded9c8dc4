"""Write the sheet on which a person tags what went wrong on dev."""

from pathlib import Path

import click

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.error_analysis import annotation_sheet as sheets
from foursplit.diagnosis.error_analysis import eyeball
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.read_tables import read
from foursplit.io.progress import still_working


def sheet(folder: Path, out: Path, seed: int, *, labels: bool) -> None:
    """Draw errors and some correct answers from the part of dev that may be looked at.

    Or, for `labels`, those labels that are suspected, and as many others at random.
    """
    if out.exists():
        raise FoursplitError(
            f"{out}: exists already, perhaps with somebody's tags; name another file"
        )
    with still_working(f"reading {folder}"):
        dev = read(folder)[0].tables.get("dev")
    if dev is None:
        raise FoursplitError(f"{folder}: no table of dev, which is where errors are read")
    if labels:
        _suspects(dev, out, seed)
        return
    parted = eyeball.part(dev)
    drawn = sheets.sheet(parted.eyeball, generator("sheet", seed))
    sheets.write(drawn, out)
    wrong = int(drawn["is_error"].sum())
    click.echo(line(parted.note))
    click.echo(
        f"{out}: {wrong} errors and {len(drawn) - wrong} correct answers. Fill in tags (several "
        "parted by ;), label_audit (ok, wrong, ambiguous) and comment, then: "
        f"foursplit diagnose {folder} --sheet {out}"
    )


def _suspects(dev: Table, out: Path, seed: int) -> None:
    from foursplit.diagnosis.with_sklearn.label_errors import RANDOM, suspects

    found = suspects(dev, rng=generator("labels", seed))
    drawn = found.assign(tags="", label_audit="", comment="")
    sheets.write(drawn, out)
    calm = int((found["why"] == RANDOM).sum())
    click.echo(
        f"{out}: {len(found) - calm} suspected labels and {calm} others at random, for labels "
        "are wrong under right answers too. Fill in label_audit (ok, wrong, ambiguous); nothing is "
        "edited for you. Rates of wrong labels come from the random part alone."
    )

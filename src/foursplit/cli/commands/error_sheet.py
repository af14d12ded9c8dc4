"""`foursplit error-sheet TABLES`: write a sheet of dev errors to annotate."""

from pathlib import Path

import click

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.error_analysis import annotation_sheet as sheets
from foursplit.diagnosis.error_analysis import eyeball
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.read_prediction_tables import read_folder
from foursplit.io.progress import report_elapsed


def error_sheet(folder: Path, out: Path, seed: int, *, labels: bool) -> None:
    """Sample errors and some correct predictions from the eyeball half of dev.

    With `labels`, sample suspected label errors and as many random labels.
    """
    if out.exists():
        raise FoursplitError(
            f"{out} already exists and may contain tags. Choose another file name."
        )
    with report_elapsed(f"reading {folder}"):
        dev = read_folder(folder)[0].tables.get("dev")
    if dev is None:
        raise FoursplitError(f"{folder}: no table of dev. Error analysis needs dev.")
    if labels:
        _write_suspected_labels(dev, out, seed)
        return
    split = eyeball.split_dev(dev)
    sample = sheets.sheet(split.eyeball, generator("sheet", seed))
    sheets.write(sample, out)
    n_errors = int(sample["is_error"].sum())
    click.echo(line(split.note))
    click.echo(
        f"{out}: {n_errors} errors and {len(sample) - n_errors} correct predictions. Fill in tags "
        "(separated by ;), label_audit (ok, wrong, ambiguous) and comment, then run "
        f"`foursplit diagnose {folder} --sheet {out}`."
    )


def _write_suspected_labels(dev: PredictionTable, out: Path, seed: int) -> None:
    from foursplit.diagnosis.with_sklearn.label_errors import RANDOM, suspected_labels

    labels = suspected_labels(dev, rng=generator("labels", seed))
    sheets.write(labels.assign(tags="", label_audit="", comment=""), out)
    n_random = int((labels["why"] == RANDOM).sum())
    click.echo(
        f"{out}: {len(labels) - n_random} suspected labels and {n_random} random ones. Fill in "
        "label_audit (ok, wrong, ambiguous). Labels are not edited automatically. The rate of "
        "wrong labels is estimated from the random ones."
    )

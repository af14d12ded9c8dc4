"""`foursplit predict EXPERIMENT FILE…`: answer the rows of a new file, or pictures."""

from collections.abc import Sequence
from pathlib import Path

import click

from foursplit.config.load import load
from foursplit.core import reproducible_env
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line, printable
from foursplit.evaluation.answer_file import answer_files
from foursplit.io import artifacts


def predict(key: str, files: Sequence[Path], out: Path | None) -> None:
    """Write the answers as CSV to `out`, or print them."""
    if out is not None and out.exists():
        raise FoursplitError(f"{out} exists already. Choose another file name")
    params = load()
    reproducible_env.configure_environment(params.run.instruction_set, params.run.threads)
    answers, notes = answer_files(key, files, params)
    for note in notes:
        click.echo(line(note), err=True)
    text = answers.to_csv(index=False, lineterminator="\n")
    if out is None:
        click.echo(printable(text), nl=False)
        return
    artifacts.write_text(out, text)
    click.echo(line(f"{out}: {len(answers):,} answers of {key}"))

"""Compare two models' tables on the same examples: which is better, and how sure is that."""

from collections.abc import Sequence
from pathlib import Path

import click

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.prediction_table import Model, Table
from foursplit.diagnosis.read_tables import read_together
from foursplit.diagnosis.stats.paired_comparison import compare as compared
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.io import artifacts
from foursplit.io.progress import still_working


def compare(first: Path, second: Path, split: str, json_file: Path | None) -> None:
    """Say it in a sentence, with the figures behind it."""
    paths = (first, second)
    with still_working(f"reading {first} and {second}"):
        models = read_together(paths)
    (a, errors_a), (b, errors_b) = map(_table, paths, models, (split, split))
    found = compared(a, b, generator("compare", 1), seeds=(errors_a, errors_b))
    told = {"a": str(first), "b": str(second), "split": split, **found.as_json()}
    if json_file is not None:
        artifacts.write_json(json_file, told)
    click.echo(line(found.sentence))
    click.echo(
        f"A {found.error_a:.2%}, B {found.error_b:.2%}, A less B {found.delta:+.2%} "
        f"[{found.lo:+.2%}, {found.hi:+.2%}] on {found.n:,} examples; {found.test} "
        f"p = {found.p_value:.3g}; B is better with probability {found.p_b_better:.1%}"
    )
    if found.n_needed is not None:
        click.echo(
            f"They differ on {found.discordance:.2%} of the examples; to show the difference takes "
            f"about {found.n_needed:,} examples (power 80 %)"
        )


def _table(path: Path, models: Sequence[Model], split: str) -> tuple[Table, dict[str, float]]:
    """Give a model's table, the mean over its seeds, and its error from each where several are."""
    found = models[0].tables
    if path.is_file():
        return next(iter(found.values())), {}
    if split not in found:
        raise FoursplitError(f"{path}: no table of {split!r}; it has {', '.join(found)}")
    tables = [model.tables[split] for model in models if split in model.tables]
    errors = {model.name: model.tables[split].error for model in models if split in model.tables}
    return mean_table(tables), errors if len(errors) > 1 else {}

"""`foursplit compare`: compare two models on the same examples."""

from collections.abc import Sequence
from pathlib import Path

import click

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.core.terminal import line
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.read_prediction_tables import read_folders
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.stats.paired_comparison import TRAINED
from foursplit.diagnosis.stats.paired_comparison import compare_models as compare_tables
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.io import artifacts
from foursplit.io.progress import report_elapsed

ONE_SEED = Finding(
    code="ST015",
    severity="info",
    missing="seeds",
    title="One seed: this compares two trained models, not two ways to train",
)


def compare(first: Path, second: Path, split: str, json_file: Path | None) -> None:
    """Print the conclusion with its figures."""
    paths = (first, second)
    with report_elapsed(f"reading {first} and {second}"):
        models = read_folders(paths)
    (a, errors_a), (b, errors_b) = map(_table, paths, models, (split, split))
    comparison = compare_tables(a, b, generator("compare", 1), seeds=(errors_a, errors_b))
    findings = [ONE_SEED] if comparison.scope == TRAINED else []
    report = {
        "a": str(first),
        "b": str(second),
        "split": split,
        **comparison.as_json(),
        "findings": [finding.as_json() for finding in findings],
    }
    if json_file is not None:
        artifacts.write_json(json_file, report)
    click.echo(line(comparison.sentence))
    click.echo(
        f"A {comparison.error_a:.2%}, B {comparison.error_b:.2%}, A − B {comparison.delta:+.2%} "
        f"[{comparison.lo:+.2%}, {comparison.hi:+.2%}] on {comparison.n:,} examples; "
        f"{comparison.test} p = {comparison.p_value:.3g}; "
        f"P(B is better) = {comparison.p_b_better:.1%}"
    )
    if comparison.n_needed is not None:
        click.echo(
            f"They disagree on {comparison.discordance:.2%} of the examples. About "
            f"{comparison.n_needed:,} examples are needed to detect the difference (power 80%)."
        )
    elif comparison.seeds_needed is not None:
        click.echo(
            "Seeds are lacking, not examples: about "
            f"{comparison.seeds_needed:,} of each model are needed to detect the difference "
            "(power 80%)."
        )
    for finding in findings:
        click.echo(f"{finding.title}.")


def _table(
    path: Path, models: Sequence[Model], split: str
) -> tuple[PredictionTable, dict[str, float]]:
    """Return the table averaged over seeds, and the error of each seed if there are several."""
    first_tables = models[0].tables
    if path.is_file():
        return next(iter(first_tables.values())), {}
    if split not in first_tables:
        raise FoursplitError(f"{path}: no table of {split!r}; it has {', '.join(first_tables)}")
    tables = [model.tables[split] for model in models if split in model.tables]
    errors = {model.name: model.tables[split].error for model in models if split in model.tables}
    return mean_table(tables), errors if len(errors) > 1 else {}

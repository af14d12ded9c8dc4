"""`foursplit compare`: compare two models on the same examples."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from foursplit.api.compare import compare_tables
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line
from foursplit.diagnosis.baseline import measure_baseline
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.read_options import ReadOptions
from foursplit.diagnosis.read_prediction_tables import read_folders
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.stats.paired_comparison import TRAINED
from foursplit.io import artifacts
from foursplit.io.progress import report_elapsed

ONE_SEED = Finding(
    code="ST018",
    severity="info",
    missing="seeds",
    title="One seed: this compares two trained models, not two ways to train",
)


def compare(
    first: Path, second: Path, split: str, json_file: Path | None, options: ReadOptions
) -> None:
    """Print the conclusion with its figures."""
    paths = (first, second)
    with report_elapsed(f"reading {first} and {second}"):
        models = read_folders(paths, options)
    a, b = (_tables(*pair, split) for pair in zip(paths, models, strict=True))
    comparison = compare_tables(a, b, options.metric)
    findings = [ONE_SEED] if comparison.scope == TRAINED else []
    report = {
        "a": str(first),
        "b": str(second),
        "split": split,
        **comparison.as_json(),
        "findings": [finding.as_json() for finding in findings],
    }
    for name, of_model in zip("AB", models, strict=True):
        _print_baseline(name, of_model, split, options)
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


def _print_baseline(name: str, models: Sequence[Model], split: str, options: ReadOptions) -> None:
    """Say first that a model does not beat the baseline on the split."""
    known = [split, "train"] if split in models[0].tables else [*models[0].tables]
    of_split = [
        replace(model, tables={s: t for s, t in model.tables.items() if s in known})
        for model in models
    ]
    baseline = measure_baseline(of_split, Settings(metric=options.metric))
    if baseline is not None and not baseline.beaten:
        click.echo(line(f"{name} is {baseline.sentence()}."))


def _tables(path: Path, models: Sequence[Model], split: str) -> dict[str, PredictionTable]:
    """Return the split's table of each seed."""
    first_tables = models[0].tables
    if path.is_file():
        return {"": next(iter(first_tables.values()))}
    if split not in first_tables:
        raise FoursplitError(f"{path}: no table of {split!r}; it has {', '.join(first_tables)}")
    return {model.name: model.tables[split] for model in models if split in model.tables}

"""The commands that diagnose prediction tables, compare models and answer design questions."""

from pathlib import Path
from typing import Any

import click

from foursplit.cli import known_names
from foursplit.cli.options import FRACTION, json_option, reading_options
from foursplit.core import reproducible_env

NO_CURVE = (
    "neither a CSV file nor an experiment with one (`foursplit new learning-curve {name}` adds one)"
)


@click.command()
@click.argument("tables", type=click.Path(path_type=Path), required=False)
@click.option("--example", is_flag=True, help="Write four small tables, and diagnose them.")
@click.option(
    "--human-error",
    "human",
    metavar="[NAME=]X",
    multiple=True,
    help="Human-level error, as a fraction; several with names, such as team=0.005.",
)
@click.option(
    "--human-error-on",
    "human_on",
    metavar="DOMAIN=X",
    multiple=True,
    help="Human-level error on the examples of a domain.",
)
@click.option(
    "--desired-error", type=FRACTION, help="Target error to use when no human-level error is known."
)
@click.option("--same-distribution", is_flag=True, help="Train and dev have the same distribution.")
@click.option("--min-gain", type=FRACTION, default=0.0, help="Smallest gain that matters.")
@click.option(
    "--sheet",
    "sheets",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Annotated error sheet (foursplit error-sheet); repeatable.",
)
@reading_options
@json_option
@click.option(
    "--html", "html_file", type=click.Path(path_type=Path), help="Write an HTML page to this file."
)
def diagnose(
    tables: Path | None,
    human: tuple[str, ...],
    human_on: tuple[str, ...],
    desired_error: float | None,
    same_distribution: bool,
    min_gain: float,
    sheets: tuple[Path, ...],
    json_file: Path | None,
    html_file: Path | None,
    example: bool,
    **reading: Any,
) -> None:
    """Diagnose the prediction tables of any model.

    TABLES is a folder with train, train_dev, dev and test.  Each is a .parquet
    or .csv with `example_id` and `loss` (or `y` and `y_hat`).  Optional columns: `group_id`,
    `weight`, `domain`, `tags`, `proba_*`, `human_loss`, `label_audit`, `meta.*`,
    `oracle.<component>`, `oracle_type.<type>`, `score_y` and `score_y_hat`.  Errors are fractions.
    Folders `seed_*` inside are the seeds of one model.
    """
    if (tables is None) != example:
        raise click.UsageError("Give a folder with prediction tables, or --example.")
    if tables is None:
        from foursplit.api import example as tables_to_try

        tables = tables_to_try.write()
        human = human or (str(tables_to_try.HUMAN_ERROR),)
        click.echo(f"{tables}/: train.csv, train_dev.csv, dev.csv and test.csv are written.\n")
    known_names.require_tables(tables)
    from foursplit.cli.commands.diagnose import diagnose as command
    from foursplit.cli.commands.diagnose import parse_settings
    from foursplit.cli.commands.reading import parse_reading

    options = parse_reading(**reading)
    settings = parse_settings(
        human, human_on, desired_error, same_distribution=same_distribution, min_gain=min_gain
    )
    command(tables, settings, options, sheets=sheets, json_file=json_file, html_file=html_file)
    if example:
        click.echo(f"\n{tables_to_try.MEANING}", nl=False)
        click.echo(
            f"As a page: foursplit diagnose {tables} --human-error {human[0]} --html page.html"
        )


@click.command()
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option("--split", default="dev", show_default=True, help="Split to compare.")
@reading_options
@json_option
def compare(first: Path, second: Path, split: str, json_file: Path | None, **reading: Any) -> None:
    """Compare two models' prediction tables on the same examples."""
    known_names.require_tables(first)
    known_names.require_tables(second)
    from foursplit.cli.commands.compare import compare as command
    from foursplit.cli.commands.reading import parse_reading

    command(first, second, split, json_file, parse_reading(**reading))


@click.command()
@click.argument("group", required=False)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="RULE",
    help="COLUMN=VALUE:WEIGHT, such as domain=phone:10; repeatable.",
)
@click.option("--metric", help="Another metric of the task, such as log_loss.")
@click.option("--preferred", metavar="RUN", help="Run that users prefer.")
@click.option("--rejected", metavar="RUN", help="Run that the metric ranks higher.")
@click.option(
    "--where",
    metavar="COLUMN=VALUE",
    help="Examples to reweight: prints the smallest weight that reverses the ranking.",
)
@json_option
def rescore(
    group: str | None,
    weights: tuple[str, ...],
    metric: str | None,
    preferred: str | None,
    rejected: str | None,
    where: str | None,
    json_file: Path | None,
) -> None:
    """Re-rank past runs by another metric or by example weights.

    Without GROUP, all groups.
    Includes past runs whose prediction tables are in DVC's cache; nothing is downloaded.
    """
    if group:
        known_names.require("group", group)
    from foursplit.cli.commands.rescore import rescore as command

    reproducible_env.silence_libraries()
    command(group, weights, metric, (preferred, rejected, where), json_file)


@click.command()
@click.argument("name", metavar="FILE_OR_EXPERIMENT")
@click.option(
    "--train-error",
    type=FRACTION,
    help="Train error at the largest size; by default that of the file.",
)
@click.option(
    "--target", type=FRACTION, help="Target dev error; by default that of the experiment."
)
@json_option
def learning_curve(
    name: str, train_error: float | None, target: float | None, json_file: Path | None
) -> None:
    """Fit a learning curve, and state whether more data would help.

    FILE is a CSV with columns `n`, `dev_error` (or `error`) and optionally `train_error`.
    EXPERIMENT needs a learning curve in params.yaml (curves) that the pipeline has run.
    """
    if not known_names.is_file(name):
        known_names.require("learning curve", name, NO_CURVE.format(name=name))
    from foursplit.cli.commands.learning_curve import learning_curve as command

    command(name, train_error, target, json_file)


@click.command()
@click.argument("tables", metavar="EXPERIMENT|TABLES", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="CSV file to write (for TABLES).")
@click.option("--seed", default=1, show_default=True, help="Seed of the sample of examples.")
@click.option(
    "--labels", is_flag=True, help="Sample suspected label errors instead (needs y and proba_*)."
)
def error_sheet(tables: Path, out: Path | None, seed: int, labels: bool) -> None:
    """Write an error sheet: dev errors to read and tag.

    For an EXPERIMENT the sheet is in data/tags/, with a page of the examples; the pipeline reads
    it.  For a folder of TABLES it is the file --out, for `diagnose --sheet`.
    """
    if out is None and not tables.exists() and not labels:
        known_names.require("experiment", str(tables))
        from foursplit.cli.commands.read_errors import read_errors

        read_errors(str(tables), seed)
        return
    if out is None:
        raise click.UsageError("--out FILE is required: the file to write the sheet to.")
    from foursplit.cli.commands.error_sheet import error_sheet as command

    command(tables, out, seed, labels=labels)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_option
@click.option("--example", is_flag=True, help="Print an example file with every question.")
def advise(file: Path | None, json_file: Path | None, example: bool) -> None:
    """Answer questions about data and design from a file.

    The answers are yes, no, or what to measure first.

    FILE is YAML with any of these sections (see --example): synthesis, transfer, multi_task,
    end_to_end, use_source, consistent, start_weight, split, flawed_pipeline, dev_size.
    """
    if example:
        from foursplit.scaffold.questions_example import EXAMPLE

        click.echo(EXAMPLE, nl=False)
        return
    if file is None:
        raise click.UsageError("Missing argument 'FILE'; --example prints one.")
    from foursplit.cli.commands.advise import advise as command

    command(file, json_file)

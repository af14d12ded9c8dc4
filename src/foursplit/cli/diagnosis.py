"""The commands that judge: prediction tables of any model, and questions before there are any."""

from pathlib import Path

import click

from foursplit.core import reproducible_env

FRACTION = click.FloatRange(min=0)


@click.command()
@click.argument("tables", type=click.Path(path_type=Path))
@click.option(
    "--human-error",
    "human",
    metavar="[WHO=]X",
    multiple=True,
    help="What people get wrong, as a fraction; several with names, such as team=0.005.",
)
@click.option(
    "--human-error-on",
    "human_on",
    metavar="DOMAIN=X",
    multiple=True,
    help="What people get wrong on the examples of a domain.",
)
@click.option("--desired-error", type=FRACTION, help="What would do, where no human is known.")
@click.option("--same-distribution", is_flag=True, help="Train and dev are of one distribution.")
@click.option("--min-gain", type=FRACTION, default=0.0, help="The least gain that matters to you.")
@click.option(
    "--sheet",
    "sheets",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A sheet that somebody filled in (foursplit sheet); may be given several times.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write a page here.")
def diagnose(
    tables: Path,
    human: tuple[str, ...],
    human_on: tuple[str, ...],
    desired_error: float | None,
    same_distribution: bool,
    min_gain: float,
    sheets: tuple[Path, ...],
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Diagnose prediction tables of any model: a folder with train, train_dev, dev, test.

    Each is a .parquet or .csv with `example_id` and `loss` (or `y` and `y_hat`); `group_id`,
    `weight`, `domain`, `tags`, `proba_*`, `human_loss`, `label_audit` and `meta.*` add what they
    can, as do `fixed.<part>`, `fixed_type.<type>`, `score_truth` and `score_output`.  Errors are
    fractions.  Folders `seed_*` inside are one model's seeds.
    """
    from foursplit.cli.commands.diagnose import diagnose as door
    from foursplit.cli.commands.diagnose import known

    settings = known(human, human_on, desired_error, same=same_distribution, gain=min_gain)
    door(tables, settings, sheets=sheets, json_file=json_file, html_file=html_file)


@click.command()
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option("--split", default="dev", show_default=True, help="Which table of the two folders.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
def compare(first: Path, second: Path, split: str, json_file: Path | None) -> None:
    """Compare two models' tables (folders or files) on the same examples."""
    from foursplit.cli.commands.compare import compare as door

    door(first, second, split, json_file)


@click.command()
@click.argument("group", required=False)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="RULE",
    help="COLUMN=VALUE:WEIGHT, such as domain=phone:10; may be given several times.",
)
@click.option("--metric", help="Another metric of the task, such as log_loss.")
@click.option("--prefer", metavar="RUN", help="What users prefer ...")
@click.option("--over", metavar="RUN", help="... to this run, which the metric prefers ...")
@click.option("--on", metavar="COLUMN=VALUE", help="... for these examples: what must they weigh?")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
def rescore(
    group: str | None,
    weights: tuple[str, ...],
    metric: str | None,
    prefer: str | None,
    over: str | None,
    on: str | None,
    json_file: Path | None,
) -> None:
    """Score every stored run of GROUP (of all, without one) by another metric or other weights.

    Past runs count as far as DVC's cache holds their tables; nothing is fetched.
    """
    from foursplit.cli.commands.rescore import rescored as door

    reproducible_env.settle_quiet()
    door(group, weights, metric, (prefer, over, on), json_file)


@click.command()
@click.argument("what", metavar="FILE_OR_EXPERIMENT")
@click.option("--train-error", type=FRACTION, help="At the largest size; else the file's own.")
@click.option("--target", type=FRACTION, help="The dev error wanted; else the experiment's own.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
def curve(
    what: str, train_error: float | None, target: float | None, json_file: Path | None
) -> None:
    """Read a learning curve, and say whether more data would do.

    It is a CSV with `n` and `dev_error` (or `error`), `train_error` if there is one; or an
    experiment whose curve the pipeline has measured (curves in params.yaml).
    """
    from foursplit.cli.commands.curve import curve as door

    door(what, train_error, target, json_file)


@click.command()
@click.argument("tables", metavar="EXPERIMENT|TABLES", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="CSV file to write (for TABLES).")
@click.option("--seed", default=1, show_default=True, help="Another seed draws other examples.")
@click.option("--labels", is_flag=True, help="Suspected labels instead (needs y and proba_*).")
def sheet(tables: Path, out: Path | None, seed: int, labels: bool) -> None:
    """Write a sheet of dev errors to read and tag.

    Of an EXPERIMENT it goes to data/tags/ with a page to read on, and the pipeline uses it; of a
    folder of TABLES to the file --out, and `diagnose --sheet` takes it back.
    """
    if out is None and not tables.exists() and not labels:
        from foursplit.cli.commands.read_errors import read_errors

        read_errors(str(tables), seed)
        return
    if out is None:
        raise click.UsageError("--out FILE is needed: where shall the sheet go?")
    from foursplit.cli.commands.sheet import sheet as door

    door(tables, out, seed, labels=labels)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all of it here.")
@click.option("--example", is_flag=True, help="Print a file with every question filled in.")
def decide(file: Path | None, json_file: Path | None, example: bool) -> None:
    """Answer questions about data and design: yes, no, or what to measure first.

    FILE is YAML with any of the sections that --example shows: synthesis, transfer, multi_task,
    end_to_end, use_source, consistent, start_weight, split, flawed_pipeline, dev_size.
    """
    if example:
        from foursplit.scaffold.questions_example import EXAMPLE

        click.echo(EXAMPLE, nl=False)
        return
    if file is None:
        raise click.UsageError("Missing argument 'FILE'; --example prints one.")
    from foursplit.cli.commands.decide import decide as door

    door(file, json_file)


COMMANDS = (diagnose, compare, rescore, curve, sheet, decide)

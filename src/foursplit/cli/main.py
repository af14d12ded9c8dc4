"""The command `foursplit`: one door to everything, light until it is opened."""

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from foursplit import __version__
from foursplit.cli import diagnosis, history, printing, promotion, serving
from foursplit.config import checkout
from foursplit.core import reproducible_env
from foursplit.core.errors import FoursplitError, remedy
from foursplit.core.terminal import printable

if TYPE_CHECKING:
    from foursplit.config.schema import Params

STAGES = {
    "code": ("", "Write the digests of the code that stages depend on."),
    "fetch": ("SOURCE", "Copy a source's raw files and check every byte."),
    "validate": ("SOURCE", "Hold a source against its Great Expectations suite."),
    "split": ("SOURCE", "Deal a source's rows to train, train-dev, dev and the sealed test."),
    "train": ("EXPERIMENT", "Train an experiment's models, one for each seed."),
    "evaluate": ("EXPERIMENT", "Write prediction tables for train, train-dev and dev."),
    "learn": ("EXPERIMENT", "Train an experiment on growing parts of train: its learning curve."),
    "study": ("STUDY", "Work a lesson through on numbers, for a page of the report."),
    "select": ("GROUP", "Choose a comparison group's winner on dev."),
    "final": ("GROUP", "Open the sealed test, for the winner alone."),
    "report": ("[real]", "Write reports/ and metrics.json from tables and JSON."),
}

ANYWHERE = ("diagnose", "compare", "decide")
"""Commands that read what they are given, and no project."""


class Doors(click.Group):
    """List commands in the order of the data's way, and turn refusals into one clear message."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command that first checks where it is; `--help` is printed anywhere."""
        own = not isinstance(cmd, click.Group) and (name or cmd.name) not in ANYWHERE
        if cmd.callback is not None and own:
            cmd.callback = _checked(cmd.callback)
        super().add_command(cmd, name)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message} Valid: {', '.join(self.commands)}.") from error

    def invoke(self, ctx: click.Context) -> Any:
        printing.prepare()
        try:
            return super().invoke(ctx)
        except FoursplitError as error:
            click.secho(f"foursplit: {printable(error)}", err=True, fg="red")
            ctx.exit(2)
        except BrokenPipeError:  # who reads us has read enough, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(128 + signal.SIGPIPE)
        except OSError as error:
            if error.errno is None:
                raise
            text = f"foursplit: {error.filename or 'output'}: {error.strerror}. {remedy(error)}"
            click.secho(text.strip(), err=True, fg="red")
            ctx.exit(3)


def _checked(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def checked(*words: Any, **given: Any) -> Any:
        checkout.require_own_code()
        return callback(*words, **given)

    return checked


@click.group(cls=Doors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="foursplit")
def main() -> None:
    """Train, compare, and learn where the error comes from and what to try next.

    `foursplit repro` runs the whole pipeline, as `dvc repro` does; `foursplit stage NAME` runs one
    stage.
    """


def _settle() -> "Params":
    """Fix kernels and threads from params.yaml before anything heavy is imported."""
    from foursplit.config.load import load

    params = load()
    reproducible_env.settle(params.run.kernels, params.run.threads)
    return params


def _stage(name: str, argument: str, text: str) -> click.Command:
    def callback(**given: str | None) -> None:
        from foursplit.io.progress import heading
        from foursplit.runner.stage_outputs import tracked_outputs

        key = given.get("key") or ""
        heading(name, key)
        params = _settle()
        module = importlib.import_module(f"foursplit.stages.{name}")
        words = [value for value in given.values() if value is not None]
        with tracked_outputs(name, key, params):
            message = module.run(*words, **_extras(name))
        click.echo(f"  {printable(message)}")

    if not argument:
        return click.Command(name, callback=callback, help=text)
    needed = not argument.startswith("[")
    parameter = click.Argument(["key"], metavar=argument, required=needed)
    return click.Command(name, callback=callback, params=[parameter], help=text)


@main.command()
@click.argument("targets", nargs=-1)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    metavar="N",
    help="Threads that the running stages may take together; the number of cores by default.",
)
@click.option("--force", is_flag=True, help="Run stages even if nothing changed.")
@click.option("--dry", is_flag=True, help="Only say what would run, and why.")
@click.option("--pull", is_flag=True, help="Take from DVC's remote what was computed elsewhere.")
@click.option("--cold", is_flag=True, help="Leave all to `dvc repro`: one by one, each by itself.")
@click.option("--real", is_flag=True, help="The pipeline on remote data, as far as accepted.")
def repro(targets: tuple[str, ...], **how: Any) -> None:
    """Run the pipeline, stages side by side, and end with what came out.

    TARGETS may be experiments, groups, sources, courses, stages (train@KEY, or train for all), or
    what DVC calls them.
    """
    from foursplit.cli.commands import repro as door

    reproducible_env.settle_quiet()
    door.repro(targets, door.How(**how))


@main.command()
@click.argument("stage")
def why(stage: str) -> None:
    """Say why STAGE will run, did run, or will not: what changed, from what to what."""
    from foursplit.cli.commands.why import why as door

    reproducible_env.settle_quiet()
    door(stage)


for _command in (
    *diagnosis.COMMANDS,
    *promotion.COMMANDS,
    *history.COMMANDS,
    *serving.COMMANDS,
):
    main.add_command(_command)


@main.command()
def check() -> None:
    """Say whether params.yaml is right, down to every model's arguments."""
    from foursplit.cli.commands import check as door
    from foursplit.config.load import load

    _settle()
    params = load()
    door.check(params)
    door.check_arguments(params)
    click.echo(door.describe(params))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="All of it, for other programs.")
def sources(as_json: bool) -> None:
    """List the remote data sets: size, licence, and whether they are here."""
    from foursplit.cli.commands.sources import sources as door

    door(as_json)


@main.command()
@click.option("--real", is_flag=True, help="Of the pipeline on remote data.")
def table(real: bool) -> None:
    """Show the end table again: errors on the four splits, verdict, next step."""
    from foursplit.config.load import load
    from foursplit.config.pipelines import REAL
    from foursplit.evaluation.results import collect
    from foursplit.reporting.terminal import show

    reproducible_env.settle_quiet()
    show(collect(load().of(REAL if real else "")))


@main.command()
def track() -> None:
    """Turn what the stages wrote into MLflow runs; safe to repeat."""
    from foursplit.cli.commands.track import track as door

    reproducible_env.settle_quiet()
    door()


@main.command()
@click.option("--port", default=5000, show_default=True, help="Port on 127.0.0.1.")
def ui(port: int) -> None:
    """Track, then open MLflow's pages on 127.0.0.1."""
    from foursplit.cli.commands.ui import ui as door

    reproducible_env.settle_quiet()
    door(port)


@main.command()
@click.argument("targets", nargs=-1)
@click.option("--here", is_flag=True, help="Read all outputs here, and DVC's cache; run nothing.")
def verify(targets: tuple[str, ...], here: bool) -> None:
    """Run TARGETS in two clean clones and compare every hash, or check what lies here."""
    reproducible_env.settle_quiet()
    if here:
        if targets:
            raise click.UsageError("--here checks everything; leave out the targets.")
        from foursplit.cli.commands.verify_here import here as door_here

        door_here()
        return
    from foursplit.cli.commands.verify import verify as door

    door(targets)


@main.group(cls=Doors)
def new() -> None:
    """Bring your own data or model: a small working file, and its block in params.yaml."""


@new.command("source")
@click.argument("name")
@click.option("--csv", required=True, type=click.Path(path_type=Path), help="File in the project.")
@click.option("--target", required=True, help="Column to predict.")
def new_source(name: str, csv: Path, target: str) -> None:
    """Add a CSV file as source NAME, with a linear model to begin with."""
    from foursplit.scaffold.new import new_source as door

    reproducible_env.settle_quiet()
    door(name, csv, target)


@new.command("model")
@click.argument("name")
@click.option("--group", help="Comparison group to join; your own, if you have one.")
def new_model(name: str, group: str | None) -> None:
    """Add an architecture NAME, and an experiment that compares it."""
    from foursplit.scaffold.new import new_model as door

    reproducible_env.settle_quiet()
    door(name, group)


@new.command("curve")
@click.argument("experiment")
def new_curve(experiment: str) -> None:
    """Have EXPERIMENT trained on growing parts of train: its block in params.yaml."""
    from foursplit.scaffold.new import new_curve as door

    reproducible_env.settle_quiet()
    door(experiment)


def _extras(stage: str) -> dict[str, Any]:
    """Hand training its listener: no stage depends on tracking, which changes no byte of it."""
    if stage != "train":
        return {}
    from foursplit.tracking.runs.live_metrics import LiveCurves

    return {"live": LiveCurves}


@main.group(cls=Doors)
def stage() -> None:
    """Run one stage in this folder; the dvc.yaml files call these."""


for _name, (_argument, _text) in STAGES.items():
    stage.add_command(_stage(_name, _argument, _text))


@main.group(cls=Doors)
def pipeline() -> None:
    """Write the dvc.yaml files from params.yaml."""


@pipeline.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 if a file is stale.")
def write(check: bool) -> None:
    """Write dvc.yaml and pipelines/*/dvc.yaml as params.yaml asks for."""
    from foursplit.config import paths
    from foursplit.config.load import load
    from foursplit.scaffold import write_pipelines

    params = load()
    if check:
        write_pipelines.check(params)
        click.echo("The dvc.yaml files are what params.yaml asks for.")
        return
    for path in write_pipelines.write(params):
        click.echo(f"wrote {path.relative_to(paths.root())}")


if __name__ == "__main__":
    main(prog_name="foursplit")

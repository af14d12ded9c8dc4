"""`foursplit stage`: run one stage of the pipeline; the dvc.yaml files call these commands.

Each stage is imported when it runs, so that `foursplit --help` imports none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from foursplit.cli.group import FoursplitGroup
from foursplit.core import reproducible_env
from foursplit.core.terminal import printable

if TYPE_CHECKING:
    from foursplit.config.schema import Params


def _code() -> str:
    from foursplit.stages import code

    return code.run()


def _members() -> str:
    from foursplit.stages import members

    return members.run()


def _weights(name: str) -> str:
    from foursplit.stages import weights

    return weights.run(name)


def _fetch(dataset: str) -> str:
    from foursplit.stages import fetch

    return fetch.run(dataset)


def _validate(dataset: str) -> str:
    from foursplit.stages import validate

    return validate.run(dataset)


def _split(dataset: str) -> str:
    from foursplit.stages import split

    return split.run(dataset)


def _train(experiment: str) -> str:
    """Pass training the MLflow callback.

    Stages never import tracking, so tracking cannot change their outputs.
    """
    from foursplit.stages import train
    from foursplit.tracking.runs.live_metrics import LiveCurves

    return train.run(experiment, live=LiveCurves)


def _evaluate(experiment: str) -> str:
    from foursplit.stages import evaluate

    return evaluate.run(experiment)


def _learn(experiment: str) -> str:
    from foursplit.stages import learning_curve

    return learning_curve.run(experiment)


def _search(name: str) -> str:
    from foursplit.stages import search

    return search.run(name)


def _lesson(lesson: str) -> str:
    from foursplit.stages import lesson as stage

    return stage.run(lesson)


def _select(group: str) -> str:
    from foursplit.stages import select

    return select.run(group)


def _final(group: str) -> str:
    from foursplit.stages import final

    return final.run(group)


def _report(pipeline: str | None = None) -> str:
    from foursplit.stages import report

    return report.run(pipeline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage as a command; `argument` in brackets is optional, "" takes none."""

    run: Callable[..., str]
    argument: str
    help: str


STAGES = {
    "code": Stage(
        run=_code, argument="", help="Write the digests of the code that stages depend on."
    ),
    "members": Stage(
        run=_members, argument="", help="Write which experiments each comparison group has."
    ),
    "weights": Stage(
        run=_weights, argument="WEIGHTS", help="Fetch catalogued weights and verify their checksum."
    ),
    "fetch": Stage(
        run=_fetch,
        argument="DATASET",
        help="Copy a dataset's raw files and verify their checksums.",
    ),
    "validate": Stage(
        run=_validate,
        argument="DATASET",
        help="Validate a data set with its Great Expectations suite.",
    ),
    "split": Stage(
        run=_split,
        argument="DATASET",
        help="Split a data set into train, train-dev, dev and the sealed test.",
    ),
    "train": Stage(
        run=_train, argument="EXPERIMENT", help="Train an experiment's models, one per seed."
    ),
    "evaluate": Stage(
        run=_evaluate,
        argument="EXPERIMENT",
        help="Write prediction tables for train, train-dev and dev.",
    ),
    "learning_curve": Stage(
        run=_learn,
        argument="EXPERIMENT",
        help="Train an experiment on nested subsets of train and record its learning curve.",
    ),
    "search": Stage(
        run=_search,
        argument="SEARCH",
        help="Try hyperparameters of an experiment, and record each trial on dev.",
    ),
    "lesson": Stage(
        run=_lesson,
        argument="LESSON",
        help="Run a lesson's computations for its page in the report.",
    ),
    "select": Stage(
        run=_select, argument="GROUP", help="Select the winner of a comparison group on dev."
    ),
    "final": Stage(
        run=_final, argument="GROUP", help="Evaluate the winner, and only it, on the sealed test."
    ),
    "report": Stage(
        run=_report,
        argument="[full]",
        help="Write reports/ and metrics.json from prediction tables and JSON.",
    ),
}


def configure() -> "Params":
    """Load params.yaml and set kernels and threads before any heavy import."""
    from foursplit.config.load import load

    params = load()
    reproducible_env.configure_environment(params.run.instruction_set, params.run.threads)
    return params


def _command(name: str, stage: Stage) -> click.Command:
    def callback(key: str | None = None) -> None:
        from foursplit.cli import known_names
        from foursplit.io.progress import print_stage_heading

        print_stage_heading(name, key or "")
        known_names.require_stage_argument(name, key or "")
        from foursplit.runner.stage_outputs import tracked_outputs

        params = configure()
        arguments = [] if key is None else [key]
        with tracked_outputs(name, key or "", params):
            message = stage.run(*arguments)
        click.echo(f"  {printable(message)}")

    if not stage.argument:
        return click.Command(name, callback=callback, help=stage.help)
    required = not stage.argument.startswith("[")
    parameter = click.Argument(["key"], metavar=stage.argument, required=required)
    return click.Command(name, callback=callback, params=[parameter], help=stage.help)


@click.group(cls=FoursplitGroup)
def stage() -> None:
    """Run one stage in this folder; the dvc.yaml files call these."""


for _name, _stage in STAGES.items():
    stage.add_command(_command(_name, _stage))

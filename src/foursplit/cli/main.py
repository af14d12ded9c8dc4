"""The command `foursplit`: all commands, each of which imports its code when it runs."""

import click

from foursplit import __version__
from foursplit.cli import diagnosis, history, pipeline, promotion, scaffold, serving, stages
from foursplit.cli.group import FoursplitGroup

SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Run the pipeline": (
        pipeline.repro,
        pipeline.why,
        pipeline.check,
        pipeline.verify,
        pipeline.pipeline,
        stages.stage,
    ),
    "Inspect and diagnose": (
        pipeline.summary,
        diagnosis.diagnose,
        diagnosis.compare,
        diagnosis.learning_curve,
        diagnosis.error_sheet,
        diagnosis.advise,
        serving.track,
        serving.ui,
    ),
    "Promote and serve": (
        promotion.gate,
        promotion.promote,
        promotion.retrain,
        serving.serve,
    ),
    "Past runs": (history.history, history.reproduce, diagnosis.rescore),
    "Add data and models": (scaffold.new, scaffold.datasets),
}
"""The commands by heading of `foursplit --help`."""


@click.group(
    cls=FoursplitGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    sections={
        heading: [str(command.name) for command in commands]
        for heading, commands in SECTIONS.items()
    },
)
@click.version_option(__version__, prog_name="foursplit")
def main() -> None:
    """Train and compare models, and learn where the error comes from and what to try next.

    `foursplit repro` runs the whole pipeline, as `dvc repro` does; `foursplit stage NAME` runs one
    stage.
    """


for _commands in SECTIONS.values():
    for _command in _commands:
        main.add_command(_command)


if __name__ == "__main__":
    main(prog_name="foursplit")

"""The command `foursplit`: all commands, each of which imports its code when it runs."""

import click

from foursplit import __version__
from foursplit.cli.group import Commands, FoursplitGroup

SECTIONS: dict[str, Commands] = {
    "Run the pipeline": {
        "repro": ("pipeline", "Run the pipeline in parallel, and print the summary table."),
        "why": ("pipeline", "Explain why STAGE ran, will run or will not run: what changed."),
        "check": ("pipeline", "Validate params.yaml, including the arguments of every model."),
        "verify": ("pipeline", "Run TARGETS in two clean clones and compare every hash."),
        "pipeline": ("pipeline", "Write the dvc.yaml files from params.yaml."),
        "stage": ("stages", "Run one stage in this folder; the dvc.yaml files call these."),
    },
    "Inspect and diagnose": {
        "summary": ("pipeline", "Show the summary table: errors, verdict, next step."),
        "diagnose": ("diagnosis", "Diagnose the prediction tables of any model."),
        "compare": ("diagnosis", "Compare two models' prediction tables on the same examples."),
        "learning-curve": (
            "diagnosis",
            "Fit a learning curve, and state whether more data would help.",
        ),
        "search": (
            "search",
            "Look for better hyperparameters of EXPERIMENT, on dev; safe to stop and repeat.",
        ),
        "error-sheet": ("diagnosis", "Write an error sheet: dev errors to read and tag."),
        "advise": ("diagnosis", "Answer questions about data and design from a file."),
        "track": ("serving", "Write the outputs of the stages to MLflow; safe to repeat."),
        "ui": (
            "serving",
            "Update MLflow, then open its pages on 127.0.0.1: those of GROUP's runs, or of all.",
        ),
    },
    "Promote and serve": {
        "gate": (
            "promotion",
            "Compare GROUP's current winner with its champion on the same examples.",
        ),
        "promote": ("promotion", "Promote GROUP's challenger if its verdict was PROMOTE."),
        "retrain": ("promotion", "Retrain what changed, and compare winners with champions."),
        "predict": ("serving", "Answer FILE, a table or pictures, with EXPERIMENT's model."),
        "serve": ("serving", "Serve GROUP's champion, or the given version, on 127.0.0.1."),
    },
    "Past runs": {
        "history": ("history", "Show the changes of gaps from run to run, and the champions."),
        "reproduce": ("history", "Train a past RUN again from its commit, and compare hashes."),
        "rescore": ("diagnosis", "Re-rank past runs by another metric or by example weights."),
    },
    "Add data and models": {
        "new": ("scaffold", "Add your own data or model: a file and a block in params.yaml."),
        "datasets": ("scaffold", "List the public data sets: size, state and licence."),
        "shapes": (
            "scaffold",
            "Show the layers of MODEL: the outputs, parameters and products of each.",
        ),
    },
}
"""The commands by heading of `foursplit --help`: the module of `cli/`, and the first sentence.

A module is imported when one of its commands runs; a test compares the sentences with those there.
"""


@click.group(
    cls=FoursplitGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    sections=SECTIONS,
)
@click.version_option(__version__, prog_name="foursplit")
def main() -> None:
    """Train and compare models, and learn where the error comes from and what to try next.

    `foursplit repro` runs the whole pipeline, as `dvc repro` does; `foursplit stage NAME` runs one
    stage.
    """


if __name__ == "__main__":
    main(prog_name="foursplit")

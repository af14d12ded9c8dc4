"""The outputs of each stage, and their preparation before a person or DVC starts it.

The pipeline files name the same outputs; a test compares.  `foursplit repro` asks DVC's graph.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from foursplit.config import paths
from foursplit.config.pipelines import FULL, Pipeline
from foursplit.config.pretrained import used_weights
from foursplit.config.schema import Params
from foursplit.core.errors import unknown_name
from foursplit.io.artifacts import OUTPUT_LOG_VARIABLE
from foursplit.stages import members


def _report(pipeline: Pipeline, params: Params) -> list[Path]:
    has_lessons = not pipeline or any(params.full.lessons.values())
    names = ["experiments", "index.html", "plots", *(["lessons"] if has_lessons else [])]
    return [*(paths.reports(pipeline) / name for name in names), paths.metrics(pipeline)]


def _curve(key: str, params: Params) -> list[Path]:
    folder = paths.curves(params.experiment(key).group)
    return [folder / f"{key}.csv", folder / f"{key}.json"]


def _split(dataset: str, _params: Params) -> list[Path]:
    return [paths.split(dataset) / name for name in ("seen", "sealed", "report.json")]


OUTPUTS: Mapping[str, Callable[[str, Params], list[Path]]] = {
    "code": lambda *_: [paths.code()],
    "members": lambda *_: [members.folder()],
    "weights": lambda name, _: [paths.weights(name)],
    "fetch": lambda name, _: [paths.raw(name)],
    "validate": lambda name, _: [paths.valid(name), paths.validation(name)],
    "split": _split,
    "train": lambda key, params: [paths.models(params.experiment(key).group, key)],
    "evaluate": lambda key, params: [paths.predictions(params.experiment(key).group) / key],
    "learning_curve": _curve,
    "lesson": lambda key, _: [paths.lesson(key)],
    "select": lambda name, _: [paths.selected(name)],
    "final": lambda name, _: [paths.final(name)],
    "report": lambda of, params: _report(FULL if of else "", params),
}


def _require_used(weights: str, params: Params) -> None:
    if weights not in (used := used_weights(params)):
        raise unknown_name("weights", weights, used)


def _require_known_key(stage: str, key: str, params: Params) -> None:
    """Raise if params.yaml does not have this key for the stage."""
    blocks: Mapping[str, Callable[[], object]] = {
        **dict.fromkeys(("fetch", "validate", "split"), lambda: params.dataset(key)),
        **dict.fromkeys(("train", "evaluate"), lambda: params.experiment(key)),
        **dict.fromkeys(("select", "final"), lambda: params.group(key)),
        "learning_curve": lambda: params.curve(key),
        "lesson": lambda: params.lesson(key),
        "weights": lambda: _require_used(key, params),
    }
    if stage in blocks:
        blocks[stage]()


@contextmanager
def tracked_outputs(stage: str, key: str, params: Params) -> Iterator[None]:
    """Make a stage's outputs replaceable, and log the files that it writes.

    In a run the runner, or DVC, has removed the outputs before.
    """
    outputs = output_paths(stage, key, params)
    if any(os.path.lexists(path) for path in outputs):
        for line in _prepare_outputs(outputs, by=f"foursplit {stage}", copy=True):
            click.echo(line)
    if os.environ.get(OUTPUT_LOG_VARIABLE):
        yield
        return
    from foursplit.runner.removable_outputs import log_manual_writes

    with log_manual_writes(f"{stage}@{key}" if key else stage):
        yield


def output_paths(stage: str, key: str, params: Params) -> list[Path]:
    """List the outputs of a stage; raise with the valid keys if `key` is unknown."""
    _require_known_key(stage, key, params)
    return OUTPUTS[stage](key, params)


def all_output_paths(params: Params) -> list[Path]:
    """List all outputs of params.yaml."""
    outputs: list[Path] = []
    for pipeline, section in params.sections().items():
        blocks = [
            (("train", "evaluate"), section.experiments),
            (("learning_curve",), section.curves),
            (("lesson",), section.lessons),
            (("select", "final"), section.groups),
        ]
        keys = [
            (stages, name)
            for stages, courses in blocks
            for block in courses.values()
            for name in block
        ]
        keys += [(("fetch", "validate", "split"), name) for name in section.datasets]
        outputs += [
            p for stages, key in keys for stage in stages for p in output_paths(stage, key, params)
        ]
        outputs += _report(pipeline, params)
    weights = [paths.weights(name) for name in used_weights(params)]
    return [paths.code(), members.folder(), *weights, *outputs]


def prepare_all_outputs(params: Params) -> list[str]:
    """Make all outputs replaceable, if DVC's graph cannot tell which a run will write."""
    return _prepare_outputs(all_output_paths(params), by="dvc repro")


def _prepare_outputs(outputs: list[Path], *, by: str, copy: bool = False) -> list[str]:
    from foursplit.runner.dvc_adapter.cache import locked_hashes
    from foursplit.runner.removable_outputs import StageOutput, prepare_outputs

    existing = [path for path in outputs if os.path.lexists(path)]
    hashes = locked_hashes(existing)
    in_git = [paths.metrics(), paths.metrics(FULL)]
    stage_outputs = [
        StageOutput(path=path, md5=hashes.get(path), cached=path not in in_git) for path in existing
    ]
    messages = prepare_outputs(stage_outputs, by=by, copy=copy)
    for path in existing:
        if path.is_symlink():  # DVC's link into its cache: a writer would raise
            path.unlink()
    return messages

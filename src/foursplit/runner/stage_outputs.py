"""What a stage writes, and what is to be seen to before it is started by a person or by DVC.

The pipeline files name the same outputs; a test compares.  `foursplit repro` asks DVC's graph.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from foursplit.config import paths
from foursplit.config.pipelines import REAL, Pipeline
from foursplit.config.schema import Params
from foursplit.io.artifacts import BOOK


def _report(of: Pipeline) -> list[Path]:
    names = ["experiments", "index.html", "plots", *([] if of else ["studies"])]
    return [*(paths.reports(of) / name for name in names), paths.metrics(of)]


def _curve(key: str, params: Params) -> list[Path]:
    folder = paths.curves(params.experiment(key).group)
    return [folder / f"{key}.csv", folder / f"{key}.json"]


def _split(name: str, _params: Params) -> list[Path]:
    return [paths.split(name) / part for part in ("seen", "sealed", "report.json")]


OUTPUTS: Mapping[str, Callable[[str, Params], list[Path]]] = {
    "code": lambda *_: [paths.code()],
    "fetch": lambda name, _: [paths.raw(name)],
    "validate": lambda name, _: [paths.valid(name), paths.validation(name)],
    "split": _split,
    "train": lambda key, params: [paths.models(params.experiment(key).group, key)],
    "evaluate": lambda key, params: [paths.predictions(params.experiment(key).group) / key],
    "learn": _curve,
    "study": lambda key, _: [paths.study(key)],
    "select": lambda name, _: [paths.selected(name)],
    "final": lambda name, _: [paths.final(name)],
    "report": lambda of, _: _report(REAL if of else ""),
}


def _require_known_key(stage: str, key: str, params: Params) -> None:
    """Refuse a key that params.yaml does not have for this stage."""
    blocks: Mapping[str, Callable[[], object]] = {
        **dict.fromkeys(("fetch", "validate", "split"), lambda: params.source(key)),
        **dict.fromkeys(("train", "evaluate"), lambda: params.experiment(key)),
        **dict.fromkeys(("select", "final"), lambda: params.group(key)),
        "learn": lambda: params.curve(key),
        "study": lambda: params.study(key),
    }
    if stage in blocks:
        blocks[stage]()


@contextmanager
def tracked_outputs(stage: str, key: str, params: Params) -> Iterator[None]:
    """See to what lies where a stage will write, and have it note what it puts there.

    In a run nothing lies there: the runner, or DVC, has cleared the place.
    """
    outputs = output_paths(stage, key, params)
    if any(os.path.lexists(path) for path in outputs):
        for line in _prepare_outputs(outputs, by=f"foursplit {stage}", copy=True):
            click.echo(line)
    if os.environ.get(BOOK):
        yield
        return
    from foursplit.runner.removable_outputs import log_manual_writes

    with log_manual_writes(f"{stage}@{key}" if key else stage):
        yield


def output_paths(stage: str, key: str, params: Params) -> list[Path]:
    """List the outputs of a stage; an unknown key is refused with those that there are."""
    _require_known_key(stage, key, params)
    return OUTPUTS[stage](key, params)


def all_output_paths(params: Params) -> list[Path]:
    """List all outputs that params.yaml asks for."""
    found: list[Path] = []
    for of, section in params.sections().items():
        of_courses = [
            (("train", "evaluate"), section.experiments), (("learn",), section.curves),
            (("study",), section.studies), (("select", "final"), section.groups),
        ]  # fmt: skip
        keys = [
            (stages, name)
            for stages, courses in of_courses
            for block in courses.values()
            for name in block
        ]
        keys += [(("fetch", "validate", "split"), name) for name in section.sources]
        found += [
            p for stages, key in keys for stage in stages for p in output_paths(stage, key, params)
        ]
        found += _report(of)
    return [paths.code(), *found]


def prepare_all_outputs(params: Params) -> list[str]:
    """See to all outputs, where DVC's graph cannot be asked which of them a run will write."""
    return _prepare_outputs(all_output_paths(params), by="dvc repro")


def _prepare_outputs(outputs: list[Path], *, by: str, copy: bool = False) -> list[str]:
    from foursplit.runner.dvc_adapter.cache import locked_hashes
    from foursplit.runner.removable_outputs import StageOutput, prepare_outputs

    there = [path for path in outputs if os.path.lexists(path)]
    hashes = locked_hashes(there)
    in_git = [paths.metrics(), paths.metrics(REAL)]
    found = [
        StageOutput(path=path, md5=hashes.get(path), cached=path not in in_git) for path in there
    ]
    said = prepare_outputs(found, by=by, copy=copy)
    for path in there:
        if path.is_symlink():  # DVC's, into its cache: a writer would refuse it
            path.unlink()
    return said

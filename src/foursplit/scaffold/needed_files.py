"""The dvc.yaml files that targets can depend on: DVC reads each file of a plan, and its lock."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from foursplit.config import paths, pipelines
from foursplit.config.pretrained import source_of
from foursplit.config.schema import Params, PipelineConfig
from foursplit.scaffold import write_pipelines

UNSEARCHED = frozenset({".git", ".dvc", ".foursplit", ".venv", "__pycache__", "mlruns"})
"""Folders where no pipeline files are."""

WRITTEN = (
    "code", "members", "weights", "raw", "valid", "validation", "split", "models", "predictions",
    "selected", "final", "curves", "lessons", "searches", pipelines.FULL,
)  # fmt: skip
"""Folders of data/ that stages write."""


def needed_files(params: Params, addresses: Iterable[str]) -> list[Path]:
    """Return the pipeline files of `addresses`, and those that they depend on by the templates.

    Empty if all files may matter: for no target, the reports, a course without stages, and where a
    person wrote a dvc.yaml or .dvc file, whose outputs any stage may read.
    """
    wanted = {paths.root() / address.partition(":")[0] for address in addresses}
    requires = _requirements(params)
    if not wanted or not wanted <= requires.keys() or _reads_outputs(params):
        return []
    expected = write_pipelines.expected_files(params)
    if write_pipelines.stale_files(params) or any(file not in expected for file in _all_files()):
        return []
    files = wanted.union(*(requires[file] for file in wanted))
    return sorted(files & expected.keys())


def _requirements(params: Params) -> dict[Path, set[Path]]:
    """Return the files that each file of a course, of data sets and of the project depends on."""
    code, members, weights = (
        paths.pipeline_file(name) for name in write_pipelines.PROJECT_PIPELINES
    )
    requires: dict[Path, set[Path]] = {code: set(), members: {code}, weights: {code}}
    for pipeline, section in params.sections().items():
        data = paths.pipeline_file(pipelines.home(pipeline, "data"))
        requires[data] = {code}
        for course in (name for name, block in section.experiments.items() if block):
            homes = (pipelines.home(pipeline, name) for name in _with_sources(section, course))
            file = paths.pipeline_file(pipelines.home(pipeline, course))
            requires[file] = {code, members, weights, data, *map(paths.pipeline_file, homes)}
    return requires


def _with_sources(section: PipelineConfig, course: str) -> set[str]:
    """Return a course, and those whose experiments its own start from, directly or through them."""
    course_of = {key: name for name, block in section.experiments.items() for key in block}
    found, todo = {course}, [course]
    while todo:
        sources = filter(None, map(source_of, section.experiments[todo.pop()].values()))
        new = {course_of[source] for source in sources} - found
        found |= new
        todo += new
    return found


def _reads_outputs(params: Params) -> bool:
    """Return whether the origin of a data set lies where stages write."""
    folders = [Path("reports"), *(Path("data") / name for name in WRITTEN)]
    return any(
        Path(os.path.normpath(dataset.origin)).is_relative_to(folder)
        for section in params.sections().values()
        for dataset in section.datasets.values()
        for folder in folders
    )


def _all_files() -> Iterator[Path]:
    """List the files of the project that DVC reads stages from."""
    for folder, names, files in os.walk(paths.root()):
        names[:] = [name for name in names if name not in UNSEARCHED]
        yield from (
            Path(folder) / name for name in files if name == "dvc.yaml" or name.endswith(".dvc")
        )

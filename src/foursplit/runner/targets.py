"""Short names of targets: an experiment, a group, a dataset, a course, a stage."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from ruamel.yaml import YAML

from foursplit.config import paths
from foursplit.config.pipelines import FULL, Pipeline, home
from foursplit.config.pretrained import used_weights
from foursplit.config.schema import ComparisonGroup, Experiment, Params, PipelineConfig
from foursplit.core.errors import unknown_name
from foursplit.runner.target_words import matching, words

PROJECT_STAGES = ("code", "members")
WEIGHTS_STAGE = "weights"
DATA_STAGES = ("fetch", "validate", "split")
EXPERIMENT_STAGES = ("train", "evaluate")
CURVE_STAGES = ("learning_curve",)
STUDY_STAGES = ("lesson",)
GROUP_STAGES = ("select", "final")
STAGE_NAMES = (
    WEIGHTS_STAGE,
    *DATA_STAGES,
    *EXPERIMENT_STAGES,
    *CURVE_STAGES,
    *STUDY_STAGES,
    *GROUP_STAGES,
)

T = TypeVar("T", ComparisonGroup, Experiment)


def addresses(params: Params) -> dict[str, str]:
    """Return DVC's address of each `<stage>@<key>` of params.yaml, and of the reports."""
    result: dict[str, str] = {}
    for pipeline, section in params.sections().items():
        result |= _addresses(pipeline, section)
    result |= _weights_addresses(params)
    for stage in PROJECT_STAGES:
        result[stage] = f"{_pipeline_file(stage)}:{stage}"
    reports = {name: name for name in _stage_names(paths.root() / "dvc.yaml")}
    full = paths.pipeline_file(FULL)
    return {
        **result,
        **reports,
        **{name: f"{_pipeline_file(FULL)}:{name}" for name in _stage_names(full)},
    }


def _weights_addresses(params: Params) -> dict[str, str]:
    """Return the address of each stage that fetches weights; both pipelines share them."""
    file = _pipeline_file(WEIGHTS_STAGE)
    names = (f"{WEIGHTS_STAGE}@{name}" for name in used_weights(params))
    return {name: f"{file}:{name}" for name in names}


def _addresses(pipeline: Pipeline, section: PipelineConfig) -> dict[str, str]:
    folders = {
        f"{stage}@{key}": home(pipeline, "data")
        for stage in DATA_STAGES
        for key in section.datasets
    }
    for stages, blocks in (
        (EXPERIMENT_STAGES, section.experiments),
        (CURVE_STAGES, section.curves),
        (STUDY_STAGES, section.lessons),
        (GROUP_STAGES, section.groups),
    ):
        for course, block in blocks.items():
            folders |= {
                f"{stage}@{key}": home(pipeline, course) for stage in stages for key in block
            }
    return {name: f"{_pipeline_file(folder)}:{name}" for name, folder in folders.items()}


def resolve_target(params: Params, target: str, pipeline: Pipeline = "") -> list[str]:
    """Turn a short name into DVC's addresses; names in DVC's own form stay.

    An experiment stands for its evaluation, a group for its final, a dataset for its split, a
    course for its pipeline file, and a stage's name for that stage of everything in the pipeline.
    A course or week as the courses number them, and words, stand for all that have them, and for
    the groups of which all experiments do.
    """
    if ":" in target or Path(target).suffix in {".yaml", ".yml", ".dvc"}:
        return [target]
    all_addresses = addresses(params)
    if target in all_addresses:
        return [all_addresses[target]]
    courses = [*params.sections()[pipeline].experiments, "data"]
    if target in courses:
        return [_pipeline_file(home(pipeline, target))]
    if target in STAGE_NAMES:
        own_addresses = _addresses(pipeline, params.sections()[pipeline])
        own_addresses |= _weights_addresses(params)
        return [a for name, a in own_addresses.items() if name.startswith(f"{target}@")]
    for stage in ("evaluate", "final", "split", "lesson", WEIGHTS_STAGE):
        if f"{stage}@{target}" in all_addresses:
            return [all_addresses[f"{stage}@{target}"]]
    if by_words := _by_words(params.sections()[pipeline], pipeline, target):
        return by_words
    short, addressed = target_names(params, pipeline)
    raise unknown_name("target", target, short | addressed if "@" in target else short)


def _by_words(section: PipelineConfig, pipeline: Pipeline, target: str) -> list[str]:
    """Return the addresses of the experiments, lessons and whole groups that words stand for."""
    own_addresses, matches = _addresses(pipeline, section), matching(target, words(section))
    members: dict[str, set[str]] = {}
    for block in section.experiments.values():
        for key, experiment in block.items():
            members.setdefault(experiment.group, set()).add(key)
    names = [f"{stage}@{key}" for key in matches for stage in ("evaluate", "lesson")]
    names += [f"final@{group}" for group, keys in members.items() if keys <= {*matches}]
    return [own_addresses[name] for name in names if name in own_addresses]


def target_names(params: Params, pipeline: Pipeline = "") -> tuple[set[str], set[str]]:
    """Return the names that may be targets: those without a stage, and `<stage>@<key>`."""
    all_addresses = addresses(params)
    addressed = {name for name in all_addresses if "@" in name}
    keys = {name.partition("@")[2] for name in addressed}
    courses = {*params.sections()[pipeline].experiments, "data"}
    return keys | courses | {*STAGE_NAMES} | (all_addresses.keys() - addressed), addressed


def stages_of_target(params: Params, target: str) -> list[str]:
    """List the stages of a name, to explain them; of an experiment all of its stages."""
    all_addresses = addresses(params)
    matching = [a for name, a in all_addresses.items() if name.partition("@")[2] == target]
    return matching or resolve_target(params, target)


def experiments_asked(params: Params, wanted: Iterable[str]) -> frozenset[str] | None:
    """Return the experiments that DVC's addresses stand for; None for all that there are."""
    asked: set[str] = set()
    names: set[str] = set()
    courses = {
        _pipeline_file(home(pipeline, course)): {*block}
        for pipeline, section in params.sections().items()
        for course, block in section.experiments.items()
    }
    for address in wanted:
        file, _, stage = address.partition(":")
        names.add(file)
        kind, _, key = stage.partition("@")
        if kind in (*EXPERIMENT_STAGES, *CURVE_STAGES) and key:
            asked.add(key)
        elif kind in GROUP_STAGES and key:
            asked |= {*params.members(key)}
        elif not stage and file in courses:
            asked |= courses[file]
        elif kind not in (*DATA_STAGES, *STUDY_STAGES, *PROJECT_STAGES):
            return None
    return frozenset(asked) if names else None


def stages_reading(section: PipelineConfig, pipeline: Pipeline, datasets: set[str]) -> set[str]:
    """Return the addresses of all stages that read one of these datasets."""
    experiments = _only_reading(section.experiments, datasets)
    shown = {key for block in experiments.values() for key in block}
    reduced = PipelineConfig(
        datasets={name: rule for name, rule in section.datasets.items() if name in datasets},
        groups=_only_reading(section.groups, datasets),
        experiments=experiments,
        lessons={
            course: {key: lesson for key, lesson in block.items() if lesson.experiment in shown}
            for course, block in section.lessons.items()
        },
    )
    return set(_addresses(pipeline, reduced).values())


def _only_reading(
    courses: Mapping[str, Mapping[str, T]], datasets: set[str]
) -> dict[str, dict[str, T]]:
    """Select the blocks that read one of these datasets."""
    return {
        course: {name: item for name, item in block.items() if item.dataset in datasets}
        for course, block in courses.items()
    }


def _pipeline_file(folder: str) -> str:
    return f"pipelines/{folder}/dvc.yaml"


def _stage_names(path: Path) -> list[str]:
    """List the stages of a dvc.yaml without templates; empty if there is no such file."""
    if not path.is_file():
        return []
    content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return list((content or {}).get("stages", {}))

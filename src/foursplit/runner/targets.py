"""Short names for what to run: an experiment, a group, a source, a course, a kind of stage."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from ruamel.yaml import YAML

from foursplit.config import paths
from foursplit.config.pipelines import REAL, Pipeline, home
from foursplit.config.schema import Experiment, Group, Params, Section
from foursplit.core.errors import unknown_name

DATA_STAGES = ("fetch", "validate", "split")
EXPERIMENT_STAGES = ("train", "evaluate")
CURVE_STAGES = ("learn",)
STUDY_STAGES = ("study",)
GROUP_STAGES = ("select", "final")
STAGE_NAMES = (*DATA_STAGES, *EXPERIMENT_STAGES, *CURVE_STAGES, *STUDY_STAGES, *GROUP_STAGES)

T = TypeVar("T", Group, Experiment)


def addresses(params: Params) -> dict[str, str]:
    """Give DVC's address of each `<stage>@<key>` that params.yaml asks for, and of reports."""
    found: dict[str, str] = {}
    for of, section in params.sections().items():
        found |= _addresses(of, section)
    found["code"] = f"{_pipeline_file('code')}:code"
    reports = {name: name for name in _stage_names(paths.root() / "dvc.yaml")}
    real = paths.pipeline_file(REAL)
    return {
        **found,
        **reports,
        **{name: f"{_pipeline_file(REAL)}:{name}" for name in _stage_names(real)},
    }


def _addresses(of: Pipeline, section: Section) -> dict[str, str]:
    found = {f"{stage}@{key}": home(of, "data") for stage in DATA_STAGES for key in section.sources}
    for stages, blocks in (
        (EXPERIMENT_STAGES, section.experiments), (CURVE_STAGES, section.curves), (STUDY_STAGES, section.studies),
        (GROUP_STAGES, section.groups),
    ):  # fmt: skip
        for course, block in blocks.items():
            found |= {f"{stage}@{key}": home(of, course) for stage in stages for key in block}
    return {name: f"{_pipeline_file(folder)}:{name}" for name, folder in found.items()}


def resolve_target(params: Params, target: str, of: Pipeline = "") -> list[str]:
    """Turn a name as people write it into DVC's addresses; what DVC names itself stays.

    An experiment stands for its evaluation, a group for its final, a source for its split, a
    course for its pipeline file, and a stage's name for that stage of everything in the pipeline.
    """
    if ":" in target or Path(target).suffix in {".yaml", ".yml", ".dvc"}:
        return [target]
    known = addresses(params)
    if target in known:
        return [known[target]]
    courses = [*params.sections()[of].experiments, "data"]
    if target in courses:
        return [_pipeline_file(home(of, target))]
    if target in STAGE_NAMES:
        mine = _addresses(of, params.sections()[of])
        return [a for name, a in mine.items() if name.startswith(f"{target}@")]
    for stage in ("evaluate", "final", "split", "study"):
        if f"{stage}@{target}" in known:
            return [known[f"{stage}@{target}"]]
    keys = {name.partition("@")[2] for name in known if "@" in name}
    reports = {name for name in known if "@" not in name}
    raise unknown_name("target", target, {*known, *keys, *courses} if "@" in target else
                  {*keys, *courses, *STAGE_NAMES, *reports})  # fmt: skip


def stages_of_target(params: Params, target: str) -> list[str]:
    """Name the stages that a name speaks of, to explain them: an experiment's are all of its."""
    known = addresses(params)
    found = [a for name, a in known.items() if name.partition("@")[2] == target]
    return found or resolve_target(params, target)


def stages_reading(section: Section, of: Pipeline, sources: set[str]) -> set[str]:
    """Give the addresses of all stages that read one of these sources."""
    part = Section(
        sources={name: rule for name, rule in section.sources.items() if name in sources},
        groups=_only_reading(section.groups, sources),
        experiments=_only_reading(section.experiments, sources),
    )
    return set(_addresses(of, part).values())


def _only_reading(
    courses: Mapping[str, Mapping[str, T]], sources: set[str]
) -> dict[str, dict[str, T]]:
    """Keep what reads one of these sources."""
    return {
        course: {name: item for name, item in block.items() if item.source in sources}
        for course, block in courses.items()
    }


def _pipeline_file(folder: str) -> str:
    return f"pipelines/{folder}/dvc.yaml"


def _stage_names(path: Path) -> list[str]:
    """List the stages of a dvc.yaml without templates; none where there is no such file."""
    if not path.is_file():
        return []
    content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return list((content or {}).get("stages", {}))

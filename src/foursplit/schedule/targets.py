"""Short names for what to run: an experiment, a group, a source, a course, a kind of stage."""

from pathlib import Path

from ruamel.yaml import YAML

from foursplit.core import paths
from foursplit.core.errors import unknown
from foursplit.core.experiment import Params

DATA = ("fetch", "validate", "split")
EXPERIMENT = ("train", "evaluate")
CURVE = ("learn",)
GROUP = ("select", "final")


def addresses(params: Params) -> dict[str, str]:
    """Give DVC's address of each stage `<stage>@<key>` that params.yaml asks for, and of report."""
    found = {f"{stage}@{key}": "data" for stage in DATA for key in params.sources}
    for stages, blocks in (
        (EXPERIMENT, params.experiments), (CURVE, params.curves), (GROUP, params.groups),
    ):  # fmt: skip
        for course, block in blocks.items():
            found |= {f"{stage}@{key}": course for stage in stages for key in block}
    made = {name: f"{_file(folder)}:{name}" for name, folder in found.items()}
    return {**made, **{name: name for name in _root_stages()}}


def resolve(params: Params, target: str) -> list[str]:
    """Turn a name as people write it into DVC's addresses; what DVC names itself stays.

    An experiment stands for its evaluation, a group for its final, a source for its split, a
    course for its pipeline file, and a stage's name for that stage of everything.
    """
    if ":" in target or Path(target).suffix in {".yaml", ".yml", ".dvc"}:
        return [target]
    known = addresses(params)
    if target in known:
        return [known[target]]
    courses = [*params.experiments, "data"]
    if target in courses:
        return [_file(target)]
    if target in (*DATA, *EXPERIMENT, *CURVE, *GROUP):
        return [a for name, a in known.items() if name.startswith(f"{target}@")]
    for stage in ("evaluate", "final", "split"):
        if f"{stage}@{target}" in known:
            return [known[f"{stage}@{target}"]]
    keys = {name.partition("@")[2] for name in known if "@" in name}
    short = {*keys, *courses, *DATA, *EXPERIMENT, *CURVE, *GROUP, *_root_stages()}
    raise unknown("target", target, {*known, *keys, *courses} if "@" in target else short)


def stages(params: Params, target: str) -> list[str]:
    """Name the stages that a name speaks of, to explain them: an experiment's are all of its."""
    known = addresses(params)
    found = [a for name, a in known.items() if name.partition("@")[2] == target]
    return found or resolve(params, target)


def _file(course: str) -> str:
    return f"pipelines/{course}/dvc.yaml"


def _root_stages() -> list[str]:
    content = YAML(typ="safe").load((paths.root() / "dvc.yaml").read_text(encoding="utf-8"))
    return list((content or {}).get("stages", {}))

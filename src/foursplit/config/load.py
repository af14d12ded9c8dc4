"""params.yaml, read once at the door: a wrong name or value is refused before anything runs."""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml.error import YAMLError

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.pipelines import REAL, Pipeline
from foursplit.config.schema import (
    DirectFit,
    Experiment,
    GateSettings,
    GradientFit,
    Group,
    LearningCurve,
    Params,
    Run,
    Section,
    SourceSettings,
    Strategy,
    StudySettings,
)
from foursplit.core.errors import FoursplitError, unknown_name

T = TypeVar("T")

SECTION = ("sources", "groups", "experiments")
"""The blocks of a pipeline."""

CURVES, STUDIES = "curves", "studies"
"""Blocks that it may have besides."""

GATE = "gate"

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""What sources, groups, experiments, courses, curves and studies are called: names become files'
and folders' names, and words of DVC's commands."""


def load(path: Path | None = None) -> Params:
    """Read and check the project's parameters."""
    path = path or paths.params_file()
    try:
        tree = pipelines.tree(path)
    except (YAMLError, UnicodeDecodeError) as error:
        raise FoursplitError(f"{path}: not YAML: {error}") from error
    return build(tree)


def build(tree: object) -> Params:
    """Turn the file's content into frozen dataclasses, naming what is wrong and what is valid."""
    blocks = _mapping(tree, "params.yaml")
    required = ["run", "strategy", *SECTION]
    _known(blocks, [*required, GATE, CURVES, STUDIES, REAL], "params.yaml")
    _present(blocks, required, "params.yaml")
    mine = _section(blocks, "")
    real = _mapping(blocks.get(REAL, {name: {} for name in SECTION}), REAL)
    _known(real, [*SECTION, CURVES], REAL)
    _present(real, SECTION, REAL)
    params = Params(
        run=parse(Run, blocks["run"], "run"),
        strategy=parse(Strategy, blocks["strategy"], "strategy"),
        sources=mine.sources,
        groups=mine.groups,
        experiments=mine.experiments,
        curves=mine.curves,
        studies=mine.studies,
        real=_section(real, REAL),
        gate=parse(GateSettings, blocks.get(GATE, {}), GATE),
    )
    _check_names(params)
    _check_gate(params)
    _check_curves(params)
    _check_studies(params)
    return params


def _section(blocks: Mapping[str, Any], of: Pipeline) -> Section:
    """Read the blocks of one pipeline."""
    sources, groups, experiments = (pipelines.key(of, name) for name in SECTION)
    curves, studies = pipelines.key(of, CURVES), pipelines.key(of, STUDIES)
    _check_spelling(_mapping(blocks["sources"], sources), sources)
    for name, at in (("groups", groups), ("experiments", experiments), (CURVES, curves),
                     (STUDIES, studies)):  # fmt: skip
        courses = _mapping(blocks.get(name, {}), at)
        _check_spelling(courses, at)
        for course, members in courses.items():
            _check_spelling(_mapping(members, f"{at}.{course}"), f"{at}.{course}")
    return Section(
        sources=_each(SourceSettings, blocks["sources"], sources),
        groups={
            course: _each(Group, members, f"{groups}.{course}")
            for course, members in _mapping(blocks["groups"], groups).items()
        },
        experiments={
            course: {
                key: _experiment(block, f"{experiments}.{course}.{key}")
                for key, block in _mapping(members, f"{experiments}.{course}").items()
            }
            for course, members in _mapping(blocks["experiments"], experiments).items()
        },
        curves={
            course: _each(LearningCurve, members, f"{curves}.{course}")
            for course, members in _mapping(blocks.get(CURVES, {}), curves).items()
        },
        studies={
            course: _each(StudySettings, members, f"{studies}.{course}")
            for course, members in _mapping(blocks.get(STUDIES, {}), studies).items()
        },
    )


def require_name(name: object, at: str) -> None:
    """Refuse what could not be a file's name and a word of a command on every system."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise FoursplitError(
            f"{at} {name!r}: use small letters, digits and underscores, beginning with a letter, "
            "for it becomes a file's name"
        )


def _check_spelling(names: Iterable[object], at: str) -> None:
    for name in names:
        require_name(name, f"{at}: name")


def parse(cls: type[T], block: object, at: str) -> T:
    """Build dataclass `cls` from `block`, refusing unknown, missing or mistyped fields."""
    _check_fields(cls, block, at)
    try:
        checked: T = _adapter(cls).validate_python(block)  # type: ignore[arg-type]
        return checked
    except ValidationError as error:
        raise FoursplitError(_explain(error, at)) from error


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Build what checks a type once: that takes longer than all the checks."""
    return TypeAdapter(kind)


def _check_fields(cls: type[Any], block: object, at: str) -> None:
    named = {f.name: f for f in fields(cls)}
    content = _mapping(block, at)
    _known(content, named, at)
    _present(content, _required(named.values()), at)
    hints = get_type_hints(cls)
    for name, value in content.items():
        block = _block(hints[name])
        if block and (isinstance(value, Mapping) or block is hints[name]):
            _check_fields(block, value, f"{at}.{name}")


def _block(hint: Any) -> type[Any] | None:
    """Give the one dataclass that a field holds, alone or beside null or a number."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    found = [kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)]
    return found[0] if len(found) == 1 else None


def _required(declared: Iterable[Field[Any]]) -> list[str]:
    return [f.name for f in declared if f.default is MISSING and f.default_factory is MISSING]


def _explain(error: ValidationError, at: str) -> str:
    lines = []
    for detail in error.errors():
        place = ".".join([at, *map(str, detail["loc"])])
        message = detail["msg"].removeprefix("Value error, ")
        value = "" if detail["type"] == "value_error" else f": {detail['input']!r}"
        lines.append(f"{place}{value}: {message}")
    return "\n".join(lines)


def _experiment(block: object, at: str) -> Experiment:
    content = dict(_mapping(block, at))
    _check_fields(Experiment, content, at)
    fit = _mapping(content.pop("fit"), f"{at}.fit")
    # A block with nothing but seeds is for models that bring their own fit().
    kind: type[GradientFit] | type[DirectFit] = DirectFit if set(fit) <= {"seeds"} else GradientFit
    parsed = parse(kind, fit, f"{at}.fit")
    rest = _adapter(dict[str, Any]).validate_python(content)
    for name in ("lesson", "source", "task", "model", "group"):
        if not isinstance(rest[name], str):
            raise FoursplitError(f"{at}.{name}: {rest[name]!r} must be text")
    for name in ("model_args", "breaks"):
        rest[name] = _mapping(rest.get(name, {}), f"{at}.{name}")
    return Experiment(**rest, fit=parsed)


def _check_names(params: Params) -> None:
    """Hold every name in the file against the files and blocks it speaks of."""
    seen: dict[str, dict[str, str]] = {name: {} for name in SECTION}
    for of, section in params.sections().items():
        at = {name: pipelines.key(of, name) for name in SECTION}
        for name in section.sources:
            _one_of("source", name, plugins.names("datasets"), at["sources"])
        _check_unique({"": section.sources}, at["sources"], seen["sources"])
        _check_unique(section.experiments, at["experiments"], seen["experiments"])
        _check_unique(section.groups, at["groups"], seen["groups"])
        for course, groups in section.groups.items():
            for name, group in groups.items():
                _check_group(section, course, name, group, f"{at['groups']}.{course}.{name}")
        for course, experiments in section.experiments.items():
            for key, experiment in experiments.items():
                place = f"{at['experiments']}.{course}.{key}"
                _check_experiment(section, course, experiment, place)


def _check_group(section: Section, course: str, name: str, group: Group, at: str) -> None:
    if course in (REAL, "data"):
        raise FoursplitError(
            f"{at}: {course!r} is no name for a course: pipelines/{course} is taken"
        )
    _one_of("source", group.source, section.sources, at)
    _one_of("task", group.task, plugins.names("tasks"), at)
    if not any(e.group == name for e in section.experiments.get(course, {}).values()):
        raise FoursplitError(f"{at}: no experiment of course {course!r} belongs to this group")


def _check_experiment(section: Section, course: str, experiment: Experiment, at: str) -> None:
    _one_of("model", experiment.model, plugins.names("models"), at)
    _one_of("group", experiment.group, section.groups.get(course, {}), at)
    group = section.groups[course][experiment.group]
    for name in ("source", "task"):
        here, there = getattr(experiment, name), getattr(group, name)
        if here != there:
            raise FoursplitError(
                f"{at}.{name}: {here!r}, but group {experiment.group!r} compares on {there!r}: "
                "models are compared on the same examples"
            )
    _known(experiment.model_args, declared_args(experiment.model), f"{at}.model_args")


def _check_gate(params: Params) -> None:
    """Hold the groups that the gate names against those that there are."""
    groups = [name for s in params.sections().values() for b in s.groups.values() for name in b]
    for name in params.gate.latency_ms:
        _one_of("group", name, groups, f"{GATE}.latency_ms")


def _check_curves(params: Params) -> None:
    """Hold the names that a learning curve says again against those of its experiment."""
    for of, section in params.sections().items():
        for course, curves in section.curves.items():
            at = f"{pipelines.key(of, CURVES)}.{course}"
            for key, curve in curves.items():
                _one_of("experiment", key, section.experiments.get(course, {}), at)
                _check_same(curve, section.experiments[course][key], f"{at}.{key}")


def _check_studies(params: Params) -> None:
    """Hold the studies' names and arguments against their files."""
    seen: dict[str, str] = {}
    _check_unique(params.studies, STUDIES, seen)
    for course, studies in params.studies.items():
        _one_of("course", course, params.experiments, STUDIES)
        for key, settings in studies.items():
            at = f"{STUDIES}.{course}.{key}"
            _one_of("study", key, plugins.names("lessons"), at)
            _known(settings.args, declared_args(key, "lessons"), f"{at}.args")


def _check_same(curve: LearningCurve, experiment: Experiment, at: str) -> None:
    for name in ("group", "source", "task", "model"):
        here, there = getattr(curve, name), getattr(experiment, name)
        if here != there:
            raise FoursplitError(f"{at}.{name}: {here!r}, but the experiment's is {there!r}")


def declared_args(model: str, kind: plugins.Kind = "models") -> list[str]:
    """List the arguments of a file's `Args`, read from its text: importing torch takes seconds."""
    path = plugins.file(kind, model)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "Args":
            return [
                item.target.id
                for item in node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            ]
    raise FoursplitError(f"{path}: such a file needs a dataclass `Args` (it may be empty)")


def _one_of(kind: str, value: str, valid: Iterable[str], at: str) -> None:
    if value not in valid:
        raise unknown_name(kind, value, valid, at)


def _check_unique(
    courses: Mapping[str, Mapping[str, object]], at: str, seen: dict[str, str]
) -> None:
    """Refuse a name that `seen` has from elsewhere, and add those that are new."""
    for course, block in courses.items():
        place = f"{at}.{course}".rstrip(".")
        for name in block:
            if name in seen:
                raise FoursplitError(f"{place}.{name}: the name is taken in {seen[name]}")
            seen[name] = place


def _each(cls: type[T], block: object, at: str) -> dict[str, T]:
    return {name: parse(cls, item, f"{at}.{name}") for name, item in _mapping(block, at).items()}


def _mapping(value: object, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise FoursplitError(f"{at}: {value!r} must be a block of names and values")
    return value


def _known(block: Mapping[str, Any], valid: Iterable[str], at: str) -> None:
    valid = list(valid)
    for name in block:
        if name not in valid:
            raise unknown_name("parameter", name, valid, at)


def _present(block: Mapping[str, Any], required: Iterable[str], at: str) -> None:
    missing = [name for name in required if name not in block]
    if missing:
        raise FoursplitError(f"{at}: missing {', '.join(missing)}")

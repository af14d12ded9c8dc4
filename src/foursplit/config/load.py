"""Load and validate params.yaml before anything runs."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError, with_config
from pydantic.dataclasses import is_pydantic_dataclass
from ruamel.yaml.error import YAMLError

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.fit import FORBID_UNKNOWN
from foursplit.config.pipelines import FULL
from foursplit.config.pretrained import check_pretrained, is_pretrained
from foursplit.config.schema import (
    ComparisonGroup,
    Experiment,
    LearningCurve,
    LessonConfig,
    Params,
    PipelineConfig,
)
from foursplit.config.validation_errors import describe
from foursplit.core.errors import FoursplitError, unknown_name

T = TypeVar("T")

CURVES, LESSONS = "curves", "lessons"
GATE = "gate"


def load(path: Path | None = None) -> Params:
    """Load and validate the project's parameters; cached until they or plugins change."""
    path = path or paths.params_file()
    valid_names = tuple(name for kind in plugins.kinds() for name in plugins.names(kind))
    return _load(path, pipelines.version(path), valid_names)


@cache
def _load(path: Path, *_state: object) -> Params:
    try:
        tree = pipelines.tree(path)
    except (YAMLError, UnicodeDecodeError) as error:
        raise FoursplitError(f"{path}: not YAML: {error}") from error
    return build(tree)


def build(tree: object) -> Params:
    """Return the file's content as frozen dataclasses; raise FoursplitError for what is wrong."""
    params = parse(Params, tree, "")
    _check_sections(params)
    _check_gate(params)
    _check_curves(params)
    _check_lessons(params)
    check_pretrained(params)
    return params


def parse(cls: type[T], block: object, at: str) -> T:
    """Build dataclass `cls` from `block`; raise for unknown, missing or mistyped fields."""
    try:
        result: T = _adapter(cls).validate_python(block)  # type: ignore[arg-type]
        return result
    except ValidationError as error:
        raise FoursplitError(describe(error, cls, at)) from error


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    """Build the validator of a class once: that takes longer than all validations."""
    if not is_pydantic_dataclass(cls):  # an `Args`
        with_config(FORBID_UNKNOWN)(cls)
    return TypeAdapter(cls)


def _check_sections(params: Params) -> None:
    """Check that each name refers to a file or to a block, and that no name is used twice."""
    first: dict[str, dict[str, str]] = {"datasets": {}, "groups": {}, "experiments": {}}
    for pipeline, section in params.sections().items():
        at = {name: pipelines.key(pipeline, name) for name in first}
        for name in section.datasets:
            _check_member("dataset", name, plugins.names("datasets"), at["datasets"])
        _check_unique({"": section.datasets}, at["datasets"], first["datasets"])
        _check_unique(section.experiments, at["experiments"], first["experiments"])
        _check_unique(section.groups, at["groups"], first["groups"])
        for course, name, group, path in _blocks(section.groups, at["groups"]):
            _check_group(section, course, name, group, path)
        for course, _, experiment, path in _blocks(section.experiments, at["experiments"]):
            _check_experiment(section, course, experiment, path)


def _blocks(courses: Mapping[str, Mapping[str, T]], at: str) -> Iterator[tuple[str, str, T, str]]:
    """Iterate over course, name, block and path of all blocks."""
    for course, blocks in courses.items():
        for name, block in blocks.items():
            yield course, name, block, f"{at}.{course}.{name}"


def _check_group(
    section: PipelineConfig, course: str, name: str, group: ComparisonGroup, at: str
) -> None:
    if course in (FULL, "data"):
        raise FoursplitError(
            f"{at}: {course!r} is not a valid course name: pipelines/{course} is reserved"
        )
    _check_member("dataset", group.dataset, section.datasets, at)
    _check_member("task", group.task, plugins.names("tasks"), at)
    if not any(e.group == name for e in section.experiments.get(course, {}).values()):
        raise FoursplitError(f"{at}: no experiment of course {course!r} belongs to this group")


def _check_experiment(
    section: PipelineConfig, course: str, experiment: Experiment, at: str
) -> None:
    _check_member("model", experiment.model, plugins.names("models"), at)
    _check_member("group", experiment.group, section.groups.get(course, {}), at)
    group = section.groups[course][experiment.group]
    for name in ("dataset", "task"):
        actual, expected = getattr(experiment, name), getattr(group, name)
        if actual != expected:
            raise FoursplitError(
                f"{at}.{name}: {actual!r}, but group {experiment.group!r} compares on "
                f"{expected!r}: models are compared on the same examples"
            )
    _check_args(experiment.model_args, "models", experiment.model, f"{at}.model_args")


def _check_gate(params: Params) -> None:
    """Check that each group the gate names exists."""
    groups = [name for s in params.sections().values() for b in s.groups.values() for name in b]
    for name in params.gate.latency_ms:
        _check_member("group", name, groups, f"{GATE}.latency_ms")


def _check_curves(params: Params) -> None:
    """Check that a learning curve repeats the names of its experiment."""
    for pipeline, section in params.sections().items():
        at = pipelines.key(pipeline, CURVES)
        for course, key, curve, path in _blocks(section.curves, at):
            experiments = section.experiments.get(course, {})
            _check_member("experiment", key, experiments, f"{at}.{course}")
            _check_same(curve, experiments[key], path)
            if is_pretrained(experiments[key]):
                raise FoursplitError(
                    f"{path}: experiment {key!r} starts from pretrained weights, and a learning "
                    "curve is for models that learn from train alone. Remove the curve"
                )


def _check_same(curve: LearningCurve, experiment: Experiment, at: str) -> None:
    for name in ("group", "dataset", "task", "model"):
        actual, expected = getattr(curve, name), getattr(experiment, name)
        if actual != expected:
            raise FoursplitError(f"{at}.{name}: {actual!r}, but the experiment's is {expected!r}")


def _check_lessons(params: Params) -> None:
    """Check that each lesson has a course and a file, and that the file declares its arguments."""
    first: dict[str, str] = {}
    for pipeline, section in params.sections().items():
        at = pipelines.key(pipeline, LESSONS)
        _check_unique(section.lessons, at, first)
        for course in section.lessons:
            _check_member("course", course, section.experiments, at)
        for course, key, settings, path in _blocks(section.lessons, at):
            _check_member("lesson", key, plugins.names("lessons"), path)
            _check_args(settings.args, "lessons", key, f"{path}.args")
            if pipeline:
                _check_shown_experiment(settings, section.experiments[course], path)
            elif settings.experiment is not None:
                raise FoursplitError(
                    f"{path}.experiment: {settings.experiment!r}, but a lesson of the default "
                    "pipeline reads no data. Remove it, or move the lesson to full.lessons"
                )


def _check_shown_experiment(
    settings: LessonConfig, experiments: Mapping[str, Experiment], at: str
) -> None:
    """Check that a lesson of `full` shows an experiment of its course."""
    if settings.experiment is None:
        raise FoursplitError(
            f"{at}: missing experiment, whose data set and models the lesson shows. A lesson that "
            "reads no data belongs into the block lessons of the default pipeline"
        )
    _check_member("experiment", settings.experiment, experiments, f"{at}.experiment")


def _check_args(args: Mapping[str, Any], kind: plugins.Kind, name: str, at: str) -> None:
    declared = declared_args(name, kind)
    for arg in args:
        _check_member("parameter", arg, declared, at)


def declared_args(model: str, kind: plugins.Kind = "models") -> list[str]:
    """List the fields of a file's `Args`, read from its text: importing torch takes seconds."""
    path = plugins.file(kind, model)
    return _declared_args(path, pipelines.version(path))


@cache
def _declared_args(path: Path, _version: pipelines.FileVersion) -> list[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == "Args":
            return [
                item.target.id
                for item in node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            ]
    raise FoursplitError(f"{path}: no dataclass `Args`. Add one; it may be empty.")


def _check_member(kind: str, name: str, valid: Iterable[str], at: str) -> None:
    if name not in valid:
        raise unknown_name(kind, name, valid, at)


def _check_unique(
    courses: Mapping[str, Mapping[str, object]], at: str, first: dict[str, str]
) -> None:
    """Raise if a name is in `first`, the paths of names so far; add the new ones."""
    for course, blocks in courses.items():
        path = f"{at}.{course}".rstrip(".")
        for name in blocks:
            if name in first:
                raise FoursplitError(f"{path}.{name}: the name is taken in {first[name]}")
            first[name] = path

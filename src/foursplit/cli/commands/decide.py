"""Answer questions about data and design from a file: yes, no, or what to measure first."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import click
from ruamel.yaml.error import YAMLError

from foursplit.config.load import parse
from foursplit.core import bounded_yaml
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.terminal import line
from foursplit.diagnosis.decomposition.verdict import Rule
from foursplit.diagnosis.planning.questions import SECTIONS, Context, Difference
from foursplit.io import artifacts

SCHEMA = "foursplit.decide/1"
WORDS = {True: "yes", False: "no", None: "measure first"}


@dataclass(frozen=True, kw_only=True)
class Top:
    """What a file says beside its questions."""

    dev_error: float | None = None
    min_gain: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dev_error", "min_gain"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise FoursplitError(f"{name} {value:g}: errors are fractions from 0 to 1")


def decide(file: Path, json_file: Path | None) -> None:
    """Answer every question of the file, and tell."""
    answers = answered(_content(file), str(file))
    if json_file is not None:
        artifacts.write_json(json_file, {"schema": SCHEMA, "answers": answers})
    for place, (name, told) in enumerate(answers.items()):
        click.echo("\n" if place else "", nl=False)
        click.echo(line(f"{told['question']}  {told['answer']}  ({name})"))
        click.echo(line(f"  {told['code']} {told['why']}"))
        for what in told["missing"]:
            click.echo(line(f"  measure: {what}"))


def answered(content: Mapping[str, Any], at: str) -> dict[str, dict[str, Any]]:
    """Give each section's answer as the file has it."""
    asked = {name: block for name, block in content.items() if name in SECTIONS}
    top = _built(Top, {k: v for k, v in content.items() if k not in SECTIONS}, at, [*SECTIONS])
    if not asked:
        raise FoursplitError(f"{at}: asks nothing; it may have {', '.join(SECTIONS)}")
    known = Context(dev_error=top.dev_error, rule=Rule(min_gain=top.min_gain))
    questions = {
        name: _built(SECTIONS[name], block, f"{at}: {name}") for name, block in asked.items()
    }
    told = {}
    for name, question in questions.items():
        try:
            answer = question.answer(known)
        except FoursplitError as refusal:
            raise FoursplitError(f"{at}: {name}: {refusal}") from refusal
        words = {"question": question.asks, "answer": WORDS[answer.recommended]}
        told[name] = {**words, **answer.as_json()}
    return told


def _content(file: Path) -> Mapping[str, Any]:
    try:
        tree = bounded_yaml.load(file)
    except FileNotFoundError as error:
        raise FoursplitError(f"{file}: no such file; --example prints one") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise FoursplitError(f"{file}: not YAML: {error}") from error
    return _mapping({} if tree is None else tree, str(file))


def _built(kind: Any, block: Any, at: str, more: list[str] | None = None) -> Any:
    """Build a question from its block, innermost parts first, each named by its place."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name != "asks"}
    content: dict[str, Any] = {}
    for name, value in _mapping(block, at).items():
        if name not in hints:
            raise unknown_name("name", name, [*hints, *(more or [])], at)
        content[name] = _value(hints[name], value, f"{at}.{name}")
    return parse(kind, content, at)


def _value(hint: Any, value: Any, at: str) -> Any:
    inner = next((one for one in (hint, *get_args(hint)) if is_dataclass(one)), None)
    if inner is None or value is None:
        return value
    if inner is Difference and isinstance(value, int | float) and not isinstance(value, bool):
        value = {"value": value}
    if get_origin(hint) is Mapping:
        return {k: _built(inner, v, f"{at}.{k}") for k, v in _mapping(value, at).items()}
    return _built(inner, value, at)


def _mapping(block: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(block, dict):
        raise FoursplitError(f"{at}: {block!r} is no block of names and values")
    return {str(name): value for name, value in block.items()}

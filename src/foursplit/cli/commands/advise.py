"""`foursplit advise`: answer questions about data and design from a file."""

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
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.planning.questions import SECTIONS, Context, Difference
from foursplit.io import artifacts

SCHEMA = "foursplit.decide/1"
ANSWERS = {True: "yes", False: "no", None: "measure first"}


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """Options of a file, apart from its questions."""

    dev_error: float | None = None
    min_gain: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dev_error", "min_gain"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise FoursplitError(f"{name} {value:g}: errors are fractions from 0 to 1")


def advise(file: Path, json_file: Path | None) -> None:
    """Answer every question of the file."""
    answers = answer_questions(_content(file), str(file))
    if json_file is not None:
        artifacts.write_json(json_file, {"schema": SCHEMA, "answers": answers})
    for index, (name, answer) in enumerate(answers.items()):
        click.echo("\n" if index else "", nl=False)
        click.echo(line(f"{answer['question']}  {answer['answer']}  ({name})"))
        click.echo(line(f"  {answer['code']} {answer['why']}"))
        for quantity in answer["missing"]:
            click.echo(line(f"  measure: {quantity}"))


def answer_questions(content: Mapping[str, Any], at: str) -> dict[str, dict[str, Any]]:
    """Answer each section of the file, in its order."""
    blocks = {name: block for name, block in content.items() if name in SECTIONS}
    options = _build(
        FileOptions, {k: v for k, v in content.items() if k not in SECTIONS}, at, [*SECTIONS]
    )
    if not blocks:
        raise FoursplitError(f"{at}: no questions found. Valid sections: {', '.join(SECTIONS)}")
    context = Context(
        dev_error=options.dev_error, rule=VerdictThresholds(min_gain=options.min_gain)
    )
    questions = {
        name: _build(SECTIONS[name], block, f"{at}: {name}") for name, block in blocks.items()
    }
    answers = {}
    for name, question in questions.items():
        try:
            answer = question.answer(context)
        except FoursplitError as error:
            raise FoursplitError(f"{at}: {name}: {error}") from error
        texts = {"question": question.question, "answer": ANSWERS[answer.recommended]}
        answers[name] = {**texts, **answer.as_json()}
    return answers


def _content(file: Path) -> Mapping[str, Any]:
    try:
        tree = bounded_yaml.load(file)
    except FileNotFoundError as error:
        raise FoursplitError(f"{file}: no such file. Run with --example to print one.") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise FoursplitError(f"{file}: not YAML: {error}") from error
    return _mapping({} if tree is None else tree, str(file))


def _build(cls: Any, block: Any, at: str, more: list[str] | None = None) -> Any:
    """Build a question from its block, nested blocks first; errors name the path."""
    hints = {name: hint for name, hint in get_type_hints(cls).items() if name != "asks"}
    content: dict[str, Any] = {}
    for name, value in _mapping(block, at).items():
        if name not in hints:
            raise unknown_name("name", name, [*hints, *(more or [])], at)
        content[name] = _value(hints[name], value, f"{at}.{name}")
    return parse(cls, content, at)


def _value(hint: Any, value: Any, at: str) -> Any:
    inner = next((cls for cls in (hint, *get_args(hint)) if is_dataclass(cls)), None)
    if inner is None or value is None:
        return value
    if inner is Difference and isinstance(value, int | float) and not isinstance(value, bool):
        value = {"value": value}
    if get_origin(hint) is Mapping:
        return {k: _build(inner, v, f"{at}.{k}") for k, v in _mapping(value, at).items()}
    return _build(inner, value, at)


def _mapping(block: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(block, dict):
        raise FoursplitError(f"{at}: {block!r} is not a mapping of names to values")
    return {str(name): value for name, value in block.items()}

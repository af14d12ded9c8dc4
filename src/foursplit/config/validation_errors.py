"""Describe pydantic's errors as lines: path in the file, value, and what is valid."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from foursplit.core.errors import unknown_name

BLOCK_TYPES = {"dataclass_type", "dict_type", "mapping_type", "model_type"}

ROOT = "params.yaml"


def describe(error: ValidationError, cls: type[Any], at: str) -> str:
    """Return one line for each error; `at` is the path of the block that `cls` describes."""
    missing: dict[str, list[str]] = {}
    lines = []
    for detail in error.errors():
        steps, parent = _resolve(cls, detail["loc"])
        path, block = _join(at, steps), _join(at, steps[:-1])
        if detail["type"] == "missing":
            missing.setdefault(block, []).append(steps[-1])
        elif detail["type"] == "unexpected_keyword_argument":
            names = [f.name for f in fields(parent) if f.init]
            lines.append(str(unknown_name("parameter", steps[-1], names, block)))
        else:
            lines.append(_line(detail, block if "[key]" in detail["loc"][-1:] else path))
    return "\n".join([*(f"{path}: missing {', '.join(m)}" for path, m in missing.items()), *lines])


def _join(at: str, steps: Sequence[str]) -> str:
    return ".".join(filter(None, [at, *steps])) or ROOT


def _line(detail: ErrorDetails, path: str) -> str:
    message, value = detail["msg"].removeprefix("Value error, "), f" {detail['input']!r}"
    if detail["type"] == "value_error":  # the message names the value
        return f"{path}: {message}"
    if detail["type"] in BLOCK_TYPES:
        return f"{path}:{value} must be a block of names and values"
    message = re.sub(r"^\w+ should ", "must ", message.partition(" after validation")[0])
    return f"{path}:{value}{'' if message.startswith('must ') else ':'} {message}"


def _resolve(hint: Any, loc: Sequence[str | int]) -> tuple[list[str], Any]:
    """Return an error's path without the classes of unions, and the class of its last step."""
    steps: list[str] = []
    parent = hint
    for step in loc:
        hint = _without_null(hint)
        if get_origin(hint) in (Union, UnionType):
            hint = next((m for m in get_args(hint) if getattr(m, "__name__", "") == step), None)
            continue
        if step == "[key]":
            continue
        parent = hint
        steps.append(str(step))
        if is_dataclass(hint):
            hint = get_type_hints(hint).get(str(step))
        else:
            items = get_args(hint)
            hint = items[issubclass(get_origin(hint) or list, Mapping)] if items else None
    return steps, parent


def _without_null(hint: Any) -> Any:
    members = [member for member in get_args(hint) if member is not NoneType]
    is_union = get_origin(hint) in (Union, UnionType)
    return members[0] if is_union and len(members) == 1 else hint

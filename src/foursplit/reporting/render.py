"""The templates' door: values are escaped, and a missing one is an error."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from foursplit.core.splits import SPLITS, TITLES
from foursplit.reporting import numbers


def render(template: str, content: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(content)


@cache
def _environment() -> Environment:
    """Keep compiled templates: compiling one takes longer than filling it."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for written in (
        numbers.percent,
        numbers.signed,
        numbers.count,
        numbers.quantity,
        numbers.setting,
    ):
        environment.filters[written.__name__] = written
    environment.filters.update(breakable=breakable, opening=opening, prose=prose)
    environment.globals.update(SPLITS=SPLITS, TITLES=TITLES)
    return environment


def breakable(name: str) -> Markup:
    """Let a long name break after its underscores, and nowhere else."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


def opening(text: str) -> str:
    """Let a text open a sentence; the rest keeps its capitals."""
    return text[:1].upper() + text[1:]


def prose(text: str) -> Markup:
    """Set what stands between backticks as code, and nothing else."""
    pieces = [escape(piece) for piece in text.split("`")]
    if len(pieces) % 2 == 0:
        return escape(text)  # a backtick alone
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if number % 2 else piece
        for number, piece in enumerate(pieces)
    )

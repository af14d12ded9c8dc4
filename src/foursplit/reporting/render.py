"""Render Jinja templates: values are escaped, and a missing value is an error."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from foursplit.core.splits import SPLITS, TITLES
from foursplit.diagnosis.codes import CODES
from foursplit.reporting import numbers


def render(template: str, content: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(content)


@cache
def _environment() -> Environment:
    """Return the cached environment; compiling a template takes longer than rendering it."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (
        numbers.percent,
        numbers.signed,
        numbers.count,
        numbers.quantity,
        numbers.setting,
    ):
        environment.filters[function.__name__] = function
    environment.filters["code_meaning"] = code_meaning
    environment.filters.update(breakable=breakable, capitalize_first=capitalize_first, prose=prose)
    environment.globals.update(SPLITS=SPLITS, TITLES=TITLES)
    return environment


def code_meaning(code: str) -> str:
    """Return what the code of a finding means, and what to do."""
    known = CODES.get(code)
    return "" if known is None else f"{known.meaning} {known.remedy}"


def breakable(name: str) -> Markup:
    """Allow line breaks in a long name after its underscores only."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


def capitalize_first(text: str) -> str:
    """Capitalize the first letter; the rest keeps its case."""
    return text[:1].upper() + text[1:]


def prose(text: str) -> Markup:
    """Format text between backticks as code."""
    pieces = [escape(piece) for piece in text.split("`")]
    if len(pieces) % 2 == 0:
        return escape(text)  # unpaired backtick
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if index % 2 else piece
        for index, piece in enumerate(pieces)
    )

"""YAML that a person wrote, refused where its aliases or its depth would fill the memory."""

from pathlib import Path
from typing import Any

from foursplit.core.errors import Refusal

MOST_BYTES = 4_000_000

MOST_NODES = 500_000
"""Values and blocks, an alias counted as all that it stands for."""

MOST_DEPTH = 60


def load(file: Path) -> Any:
    """Parse a file as DVC does, so that both see the same values; repeated keys are refused."""
    from ruamel.yaml import YAML

    size = file.stat().st_size
    if size > MOST_BYTES:
        raise Refusal(f"{file}: {size:,} bytes; at most {MOST_BYTES:,} are read")
    text = file.read_text(encoding="utf-8")
    check(text, str(file))
    return YAML(typ="safe").load(text)


def check(text: str, at: str) -> None:
    """Refuse text that is too deep, or too large once its aliases are expanded.

    Events are counted as they are read: nothing is built, and no alias is expanded.
    """
    from ruamel.yaml import YAML

    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []  # anchor and nodes of each block that is not closed
    total = 0
    for event in YAML(typ="safe").parse(text):
        kind = type(event).__name__
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            open_.append((event.anchor, total))
            total += 1
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        elif kind in ("ScalarEvent", "AliasEvent"):
            # An alias within its own anchor has no end.
            total += 1 if kind == "ScalarEvent" else sizes.get(event.anchor, MOST_NODES)
            if kind == "ScalarEvent" and event.anchor is not None:
                sizes[event.anchor] = 1
        if len(open_) > MOST_DEPTH:
            raise Refusal(f"{at}: line {_line(event)}: more than {MOST_DEPTH} blocks in each other")
        if total > MOST_NODES:
            raise Refusal(
                f"{at}: line {_line(event)}: more than {MOST_NODES:,} values once its aliases "
                "(*name) are expanded; write them out, or take them out"
            )


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1

"""YAML that a person wrote, refused where its aliases or its depth would fill the memory."""

from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError

MOST_BYTES = 4_000_000

MOST_NODES = 500_000
"""Values and blocks, an alias counted as all that it stands for."""

MOST_DEPTH = 60


def load(file: Path) -> Any:
    """Parse a file as DVC does, so that both see the same values; repeated keys are refused."""
    from ruamel.yaml import YAML

    size = file.stat().st_size
    if size > MOST_BYTES:
        raise FoursplitError(f"{file}: {size:,} bytes; at most {MOST_BYTES:,} are read")
    text = file.read_text(encoding="utf-8")
    check(text, str(file))
    return YAML(typ="safe").load(text)


def check(text: str, at: str) -> None:
    """Refuse text that is too deep, or too large once its aliases are expanded.

    Events are counted as they are read: nothing is built, and no alias is expanded.
    """
    from ruamel.yaml import YAML

    count = _Count()
    for event in YAML(typ="safe").parse(text):
        count.take(event)
        where = f"{at}: line {event.start_mark.line + 1}"
        if len(count.open) > MOST_DEPTH:
            raise FoursplitError(f"{where}: more than {MOST_DEPTH} blocks in each other")
        if count.total > MOST_NODES:
            raise FoursplitError(
                f"{where}: more than {MOST_NODES:,} values once its aliases (*name) are expanded; "
                "write them out, or take them out"
            )


class _Count:
    """Values and blocks so far, and how many each anchor stands for."""

    def __init__(self) -> None:
        self.total = 0
        self.sizes: dict[str | None, int] = {}
        self.open: list[tuple[str | None, int]] = []  # anchor, and the total when it began

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            self.open.append((event.anchor, self.total))
            self.total += 1
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            anchor, before = self.open.pop()
            self.sizes[anchor] = self.total - before
        elif kind == "ScalarEvent":
            self.total += 1
            self.sizes[event.anchor] = 1
        elif kind == "AliasEvent":  # within its own anchor it has no end
            self.total += self.sizes.get(event.anchor, MOST_NODES)

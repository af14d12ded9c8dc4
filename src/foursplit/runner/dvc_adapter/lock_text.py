"""The text and the entries of a lock file, as DVC writes them."""

import io
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from foursplit.runner.dvc_adapter.stage_objects import Stage


def dump_lock(content: Any) -> str:
    """Dump a lock file as DVC does, which writes one stage at a time and so needs no aliases.

    Aliases of shared objects would depend on which stages happened to end together.
    """
    from dvc.utils.serialize._yaml import _get_yaml

    yaml = _get_yaml()
    # Except the root, whose alias check makes a null look as DVC writes it.
    yaml.representer.ignore_aliases = lambda data: data is not content
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()


HEAD = "schema: '2.0'\nstages:\n"

KEY_LINE = re.compile(r"^(?=  [^ \n])", re.MULTILINE)
"""The beginnings of the entries of a lock file: two spaces, and the name of the stage."""

REFERENCE = re.compile(r"[:-] [&*]")
"""An anchor or an alias, which Foursplit never writes and old versions of DVC did."""


def lock_text_with(path: Path, entries: Mapping[str, Any]) -> str:
    """Return the text of the lock file at `path` once it has these entries."""
    from dvc.utils.serialize._yaml import parse_yaml

    text = path.read_text(encoding="utf-8") if path.exists() else ""
    updated = updated_lock(text, entries)
    if updated is not None:
        return updated
    # Not `parse_yaml_for_update`: it takes far longer, to keep comments.
    content = parse_yaml(text, str(path)) or {"schema": "2.0"}
    content.setdefault("stages", {})
    content["stages"].update(entries)
    return dump_lock(content)


def updated_lock(text: str, entries: Mapping[str, Any]) -> str | None:
    """Return a lock file's text with these entries in place of the old ones, new ones at the end.

    It is what `dump_lock` makes of the whole content, which takes a second for some hundred stages.
    None if the text is not one that DVC or Foursplit wrote.
    """
    body = text.removeprefix(HEAD)
    is_regular = all(not line or line.startswith("  ") for line in body.splitlines())
    if (
        not text.startswith(HEAD)
        or not text.endswith("\n")
        or not is_regular
        or REFERENCE.search(body)
    ):
        return None
    blocks = {_key_line(block): block for block in KEY_LINE.split(body) if block}
    fresh = dump_lock({"schema": "2.0", "stages": dict(entries)}).removeprefix(HEAD)
    blocks |= {_key_line(block): block for block in KEY_LINE.split(fresh) if block}
    return HEAD + "".join(blocks.values())


def _key_line(block: str) -> str:
    return block.partition("\n")[0]


def lock_entries(stages: Iterable[Stage], titles: Collection[str]) -> dict[str, Any]:
    """Return the lock entries of those `stages` that `titles` name, by address."""
    from dvc.stage.serialize import to_lockfile

    return {
        stage.addressing: dict(to_lockfile(stage)[stage.name])
        for stage in stages
        if getattr(stage, "name", None) in titles
    }

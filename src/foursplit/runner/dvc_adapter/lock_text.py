"""The text and the entries of a lock file, as DVC writes them."""

import io
from collections.abc import Collection, Iterable
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


def lock_entries(stages: Iterable[Stage], titles: Collection[str]) -> dict[str, Any]:
    """Return the lock entries of those `stages` that `titles` name, by address."""
    from dvc.stage.serialize import to_lockfile

    return {
        stage.addressing: dict(to_lockfile(stage)[stage.name])
        for stage in stages
        if getattr(stage, "name", None) in titles
    }

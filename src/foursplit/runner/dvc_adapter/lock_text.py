"""The text of a lock file, as DVC writes it."""

import io
from typing import Any


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

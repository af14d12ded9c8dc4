"""The text of a lock file, as DVC writes it."""

import io
from typing import Any


def dump_lock(content: Any) -> str:
    """Write as DVC does, which writes one stage at a time and so never meets an object twice.

    Marks of what several stages share would tell which of them happened to end together.
    """
    from dvc.utils.serialize._yaml import _get_yaml

    yaml = _get_yaml()
    # All but the whole, whose being known is what makes a null come out as DVC writes it.
    yaml.representer.ignore_aliases = lambda part: part is not content
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()

"""The error for users."""

import errno
from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class FoursplitError(ValueError):
    """An error that a user can fix: the message names the value, the path and the valid choices.

    The command line prints the message alone and exits with 2; anything else is a bug
    and keeps its traceback.
    """


def unknown_name(kind: str, value: object, valid: Iterable[str], at: str = "") -> FoursplitError:
    """Return an error with the valid names and the closest one."""
    names = sorted(valid)
    matches = get_close_matches(str(value), names, n=1)
    hint = f" Did you mean {matches[0]!r}?" if matches else ""
    path = f"{at}: " if at else ""
    return FoursplitError(
        f"{path}unknown {kind} {value!r}.{hint} Valid: {', '.join(names) or '(none)'}."
    )


ROOM = "Free space there, and run again."

RIGHTS = "Give yourself the right to it, or use another place, and run again."

REMEDIES: Mapping[int, str] = {
    errno.ENOSPC: ROOM,
    errno.EDQUOT: ROOM,
    errno.EFBIG: "Raise the limit on the size of files (`ulimit -f`), and run again.",
    errno.EROFS: "Make the disk writable, or use another place, and run again.",
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.ENAMETOOLONG: "Choose a shorter name, or a folder that is not as deep.",
    errno.EMFILE: "Raise the limit on open files (`ulimit -n`), and run again.",
    errno.ENOMEM: "Free memory, or run fewer stages at a time (--jobs), and run again.",
    errno.ENOENT: "Check the path.",
}


def remedy(error: OSError) -> str:
    """Return a remedy for an operating system error; empty if none is known."""
    return REMEDIES.get(error.errno or 0, "")

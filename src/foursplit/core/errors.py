"""The one error a person is meant to read."""

import errno
from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class FoursplitError(ValueError):
    """Something a user can put right: the message names the value, the place and the valid choices.

    The command line prints the message alone and exits with 2; anything else is a defect of ours
    and keeps its traceback.
    """


def unknown_name(kind: str, value: object, valid: Iterable[str], at: str = "") -> FoursplitError:
    """Say that `value` is no valid `kind`, what is, and what was probably meant."""
    names = sorted(valid)
    near = get_close_matches(str(value), names, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    place = f"{at}: " if at else ""
    return FoursplitError(
        f"{place}unknown {kind} {value!r}.{meant} Valid: {', '.join(names) or '(none)'}."
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
    """Say what a person can do about an error of the system; nothing where that is not known."""
    return REMEDIES.get(error.errno or 0, "")

"""The error for users."""

import errno
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches


class FoursplitError(ValueError):
    """An error that a user can fix: the message names the value, the path and the valid choices.

    The command line prints the message alone and exits with 2; anything else is a bug
    and keeps its traceback.
    """


def unknown_name(kind: str, value: object, valid: Iterable[str], at: str = "") -> FoursplitError:
    """Return an error with the closest name and the valid ones; of many, the nearest."""
    names = sorted(valid)
    closest = nearest_names(str(value), names)
    is_close = closest and get_close_matches(str(value).lower(), [closest[0].lower()])
    hint = f" Did you mean {closest[0]!r}?" if is_close else ""
    path = f"{at}: " if at else ""
    if len(names) <= MAX_LISTED_NAMES:
        choices = f"Valid: {', '.join(names) or '(none)'}."
    else:
        choices = f"Valid: {', '.join(closest)}, … (the nearest of {len(names)})."
    return FoursplitError(f"{path}unknown {kind} {value!r}.{hint} {choices}")


MAX_LISTED_NAMES = 30  # beyond, an error lists the nearest only

N_NEAREST = 5


def nearest_names(value: str, names: Iterable[str], n: int = N_NEAREST) -> list[str]:
    """Return the `n` names nearest to `value`: those that contain it, or that it contains, first.

    Then by the similarity of their letters, which edits lower.
    """
    wanted = value.lower()

    def distance(name: str) -> tuple[bool, float, str]:
        other = name.lower()
        is_part = bool(wanted) and (wanted in other or (len(other) > 2 and other in wanted))
        return not is_part, -SequenceMatcher(None, wanted, other).ratio(), name

    return sorted(names, key=distance)[:n]


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

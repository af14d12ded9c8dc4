"""The one error a person is meant to read."""

from collections.abc import Iterable
from difflib import get_close_matches


class Refusal(ValueError):  # noqa: N818, it is what happens, and no defect
    """Something a user can put right: the message names the value, the place and the valid choices.

    The command line prints the message alone and exits with 2; anything else is a defect of ours
    and keeps its traceback.
    """


def unknown(kind: str, value: object, valid: Iterable[str], at: str = "") -> Refusal:
    """Say that `value` is no valid `kind`, what is, and what was probably meant."""
    names = sorted(valid)
    near = get_close_matches(str(value), names, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    place = f"{at}: " if at else ""
    return Refusal(
        f"{place}unknown {kind} {value!r}.{meant} Valid: {', '.join(names) or '(none)'}."
    )

"""Names that params.yaml may give: they become files' names and words of DVC's commands."""

import re

from foursplit.core.errors import FoursplitError

NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_name(name: object) -> object:
    """Return `name`; raise FoursplitError if it is no valid file name on every system."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise FoursplitError(
            f"name {name!r}: use small letters, digits and underscores, beginning with a letter, "
            "because it becomes a file name"
        )
    return name

"""Checks of the arguments that `params.yaml` sets; the errors name argument, value and limit."""

from typing import Any


def check_at_least(args: Any, **minimum: float) -> None:
    """Raise ValueError for the first argument that is below its minimum."""
    for name, least in minimum.items():
        value = getattr(args, name)
        if value < least:
            raise ValueError(f"{name}: {value!r} must be at least {least}")


def check_null_or_at_least(args: Any, **minimum: float) -> None:
    """Raise ValueError for the first argument that is below its minimum and not None."""
    for name, least in minimum.items():
        value = getattr(args, name)
        if value is not None and value < least:
            raise ValueError(f"{name}: {value!r} must be at least {least}, or null")


def check_above_zero(args: Any, *names: str) -> None:
    """Raise ValueError for the first argument that is not above 0."""
    for name in names:
        value = getattr(args, name)
        if not value > 0:
            raise ValueError(f"{name}: {value!r} must be above 0")

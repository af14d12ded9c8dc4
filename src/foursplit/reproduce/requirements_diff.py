"""Which of a commit's pinned packages are installed in another version here."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

NUMERIC, ALL = "requirements-numeric.lock", "requirements.lock"
"""Pins that change bytes, and the file that lists all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A package as the commit pins it, and as it is here."""

    name: str
    pinned: str
    installed: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.installed or 'not installed'} (pinned: {self.pinned})"


def unmet_pins(content: str | None) -> list[Pin]:
    """List the pins of a lock file that are not met here; nothing where there is no such file."""
    found = []
    for line in (content or "").splitlines():
        name, mark, pinned = line.partition(";")[0].partition("#")[0].partition("==")
        if not mark:
            continue
        pin = Pin(name=name.strip(), pinned=pinned.strip(), installed=_installed(name.strip()))
        if _public(pin.installed) != _public(pin.pinned):
            found.append(pin)
    return found


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _public(release: str | None) -> str | None:
    """Leave out the build: torch 2.13.0+cpu is the pinned 2.13.0."""
    return None if release is None else release.partition("+")[0]

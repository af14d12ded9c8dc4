"""Pinned packages of a commit whose installed version differs."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

NUMERIC, ALL = "requirements-numeric.lock", "requirements.lock"
"""The file of the pins that change bytes, and the file of all pins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A package's version, as pinned by the commit and as installed."""

    name: str
    pinned: str
    installed: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.installed or 'not installed'} (pinned: {self.pinned})"


def unmet_pins(content: str | None) -> list[Pin]:
    """List the unmet pins of a lock file; empty if there is no such file."""
    pins = []
    for line in (content or "").splitlines():
        name, separator, pinned = line.partition(";")[0].partition("#")[0].partition("==")
        if not separator:
            continue
        pin = Pin(name=name.strip(), pinned=pinned.strip(), installed=_installed(name.strip()))
        if _public(pin.installed) != _public(pin.pinned):
            pins.append(pin)
    return pins


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _public(release: str | None) -> str | None:
    """Strip the local version: torch 2.13.0+cpu meets the pin 2.13.0."""
    return None if release is None else release.partition("+")[0]

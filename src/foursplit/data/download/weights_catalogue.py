"""Read the catalogues of published weights, `models/catalogue.yaml` of each package.

Weights come as safetensors alone, which hold numbers and no code.  A rule of the entry gives each
tensor the name that it has in our network.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from foursplit import plugins
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.data.download.catalogue import RemoteFile, content

CATALOGUE_PATH = "models/catalogue.yaml"
"""Path of a catalogue in the project's own or an installed package."""

SUFFIX = ".safetensors"

MAX_NAMED = 5  # tensors that an error lists


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsEntry:
    r"""One model's published weights: file, licence, terms, citation, and names of its tensors.

    `names` maps regular expressions of published names to our names, in which `\1` is the first
    group; null leaves a tensor out.  The first that matches a whole name counts; without any, names
    stay as they are.
    """

    about: str
    licence: str
    terms: Literal["free", "ask"]
    cite: str
    home: str
    file: RemoteFile
    why: str = ""  # its licence must be accepted
    names: Mapping[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.terms == "ask") != bool(self.why):
            raise FoursplitError(f"terms: {self.terms!r} and why: {self.why!r} do not go together")
        if not self.file.path.endswith(SUFFIX):
            raise FoursplitError(
                f"file.path: {self.file.path!r} must end in {SUFFIX}: other formats of weights, "
                "pickles among them, may run code when they are read. Convert the file first"
            )
        for pattern in self.names:
            try:
                re.compile(pattern)
            except re.error as error:
                raise FoursplitError(
                    f"names: {pattern!r} is no regular expression ({error})"
                ) from error


def catalogue_files() -> list[Path]:
    """Return the paths of all catalogues of weights, the project's own first."""
    return plugins.resources(CATALOGUE_PATH)


def entry_names() -> list[str]:
    """Return the names of all published weights."""
    return list(dict.fromkeys(name for file in catalogue_files() for name in content(file)))


def load_entry(name: str, at: str = "") -> WeightsEntry:
    """Load the entry of published weights; raise FoursplitError for an unknown name or field."""
    from foursplit.config.load import parse

    path = catalogue_file(name, at)
    return parse(WeightsEntry, content(path)[name], f"{CATALOGUE_PATH}: {name}")


def catalogue_file(name: str, at: str = "") -> Path:
    """Return the path of the catalogue that has the entry `name`."""
    for path in catalogue_files():
        if name in content(path):
            return path
    raise unknown_name("weights", name, entry_names(), at or CATALOGUE_PATH)


def our_names(entry: WeightsEntry, published: Iterable[str]) -> dict[str, str]:
    """Return our name of each published tensor that is used.

    Raises FoursplitError, naming the tensors, if no rule matches one or two get the same name.
    """
    found: dict[str, str] = {}
    unmatched = []
    for name in published:
        if not entry.names:
            found[name] = name
            continue
        match = next(filter(None, (re.fullmatch(rule, name) for rule in entry.names)), None)
        if match is None:
            unmatched.append(name)
        elif (new_name := entry.names[match.re.pattern]) is not None:
            found[name] = match.expand(new_name)
    if unmatched:
        raise FoursplitError(
            f"names: no rule matches {listed(unmatched)}. Add one; null leaves a tensor out"
        )
    _check_unique(found)
    return found


def _check_unique(names: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for published, ours in names.items():
        if ours in first:
            raise FoursplitError(f"names: {first[ours]!r} and {published!r} both become {ours!r}")
        first[ours] = published
    if not names:
        raise FoursplitError("names: leave every tensor out")


def listed(names: list[str]) -> str:
    """Return the first names in words, and how many more there are."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(map(repr, names[:MAX_NAMED])) + more

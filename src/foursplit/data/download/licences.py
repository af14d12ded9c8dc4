"""Which licences the user has accepted: nothing that must be asked for is fetched before."""

import os
from collections.abc import Iterable, Mapping

from foursplit.core.dataset_spec import Source
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.data.download import catalogue
from foursplit.data.download.catalogue import Entry

ACCEPT = "FOURSPLIT_ACCEPT"
"""Environment: data sets accepted for one run, with commas between them."""


def accepted(in_params: Iterable[str]) -> frozenset[str]:
    """Collect the data sets accepted in params.yaml and for this run."""
    for_this_run = [name.strip() for name in os.environ.get(ACCEPT, "").split(",")]
    found = {"run.accept_licences": [*in_params], ACCEPT: [name for name in for_this_run if name]}
    for place, names in found.items():
        for name in names:
            if name not in catalogue.names():
                raise unknown_name("data set", name, catalogue.names(), place)
    return frozenset(name for names in found.values() for name in names)


def missing(source: Source, yes: frozenset[str]) -> dict[str, Entry]:
    """Give the data sets of a source that have to be accepted first."""
    return {
        name: entry
        for name, entry in catalogue.entries(source).items()
        if entry.terms == "ask" and name not in yes
    }


def words(entries: Mapping[str, Entry]) -> str:
    """Say what has to be accepted, and in which words."""
    lines = [f"  {name}: {entry.licence} ({entry.why})" for name, entry in entries.items()]
    names = ",".join(entries)
    listed = ", ".join(entries)
    return "\n".join(
        [
            *lines,
            f"  To accept for one run: {ACCEPT}={names} foursplit …; for good: "
            f"run.accept_licences: [{listed}] in params.yaml",
        ]
    )


def require(name: str, source: Source, yes: frozenset[str]) -> None:
    """Refuse a source that reads what has not been accepted."""
    asked = missing(source, yes)
    if asked:
        raise FoursplitError(f"source {name!r} waits for you to accept a licence:\n{words(asked)}")

"""Check that the user has accepted the licences of data sets before they are fetched."""

import os
from collections.abc import Iterable, Mapping

from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.data.download import catalogue, weights_catalogue
from foursplit.data.download.catalogue import CatalogueEntry
from foursplit.data.download.weights_catalogue import WeightsEntry

ACCEPT = "FOURSPLIT_ACCEPT"
"""Environment: data sets accepted for one run, separated by commas."""


def accepted_entries(in_params: Iterable[str]) -> frozenset[str]:
    """Return the data sets accepted in params.yaml and for this run."""
    for_this_run = [name.strip() for name in os.environ.get(ACCEPT, "").split(",")]
    by_origin = {
        "run.accept_licences": [*in_params],
        ACCEPT: [name for name in for_this_run if name],
    }
    valid = [*catalogue.entry_names(), *weights_catalogue.entry_names()]
    for origin, names in by_origin.items():
        for name in names:
            if name not in valid:
                raise unknown_name("data set", name, valid, origin)
    return frozenset(name for names in by_origin.values() for name in names)


def unaccepted_entries(
    dataset: DatasetSpec, accepted_names: frozenset[str]
) -> dict[str, CatalogueEntry]:
    """Return the published data sets that it reads and whose licence is not accepted yet."""
    return {
        name: entry
        for name, entry in catalogue.entries_of(dataset).items()
        if entry.terms == "ask" and name not in accepted_names
    }


def acceptance_instructions(entries: Mapping[str, CatalogueEntry | WeightsEntry]) -> str:
    """Return the licences to accept, and how to accept them."""
    lines = [f"  {name}: {entry.licence} ({entry.why})" for name, entry in entries.items()]
    names = ",".join(entries)
    names_in_yaml = ", ".join(entries)
    return "\n".join(
        [
            *lines,
            f"  To accept for one run: {ACCEPT}={names} foursplit …; permanently: "
            f"run.accept_licences: [{names_in_yaml}] in params.yaml",
        ]
    )


def require_accepted(name: str, dataset: DatasetSpec, accepted_names: frozenset[str]) -> None:
    """Raise if a licence of the dataset is not accepted."""
    unaccepted = unaccepted_entries(dataset, accepted_names)
    if unaccepted:
        instructions = acceptance_instructions(unaccepted)
        raise FoursplitError(f"dataset {name!r} waits for you to accept a licence:\n{instructions}")


def require_weights_accepted(
    name: str, entry: WeightsEntry, accepted_names: frozenset[str]
) -> None:
    """Raise if the licence of published weights is not accepted."""
    if entry.terms == "ask" and name not in accepted_names:
        instructions = acceptance_instructions({name: entry})
        raise FoursplitError(f"weights {name!r} wait for you to accept a licence:\n{instructions}")

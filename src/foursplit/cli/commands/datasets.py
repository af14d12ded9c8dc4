"""`foursplit datasets`: list the public data sets with size, licence and state."""

import json
import os
from typing import Any

import click

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.dataset_spec import RemoteFiles
from foursplit.data.download import catalogue, licences
from foursplit.data.download.catalogue import CatalogueEntry
from foursplit.data.download.fetch_files import downloads_folder, find_in_mirror


def datasets(as_json: bool) -> None:
    """Print one row per data set of the catalogue."""
    rows = list_datasets()
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    _table(rows)
    waiting = {
        row["name"]: catalogue.load_entry(row["name"])
        for row in rows
        if row["state"] == "needs acceptance" and row["datasets"]
    }
    if waiting:
        click.echo("Licence not accepted yet, but used by this project:")
        click.echo(licences.acceptance_instructions(waiting))


def list_datasets() -> list[dict[str, Any]]:
    """Return the description and state of each data set."""
    accepted = licences.accepted_entries(load().run.accept_licences)
    readers = _readers()
    return [
        _row(name, catalogue.load_entry(name), readers.get(name, []), accepted)
        for name in catalogue.entry_names()
    ]


def _row(
    name: str, entry: CatalogueEntry, readers: list[str], accepted: frozenset[str]
) -> dict[str, Any]:
    is_accepted = entry.terms == "free" or name in accepted
    return {
        "name": name,
        "about": entry.about,
        "bytes": entry.bytes,
        "licence": entry.licence,
        "terms": entry.terms,
        "why": entry.why,
        "accepted": is_accepted,
        "state": _state(name, entry, readers, accepted=is_accepted),
        "datasets": readers,
        "home": entry.home,
        "cite": entry.cite,
    }


def _state(name: str, entry: CatalogueEntry, readers: list[str], *, accepted: bool) -> str:
    """Return where a data set is: here, in the mirror, or remote."""
    if any((paths.raw(reader) / name).is_dir() for reader in readers):
        return "here"
    if not accepted:
        return "needs acceptance"
    files = [file.path for file in entry.files] + ([entry.packed.path] if entry.packed else [])
    if all(find_in_mirror(path) for path in files):
        return "mirror"
    if entry.files and all((downloads_folder() / file.sha256).is_file() for file in entry.files):
        return "here"
    return "remote"


def _readers() -> dict[str, list[str]]:
    """Return the project's data sets that read each published one."""
    params = load()
    readers: dict[str, list[str]] = {}
    for section in params.sections().values():
        for name in section.datasets:
            for file in plugins.dataset(name).SPEC.files:
                if isinstance(file, RemoteFiles):
                    readers.setdefault(file.entry, []).append(name)
    return readers


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=int(os.environ.get("COLUMNS", "170")))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("data set", no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("licence", overflow="fold")
    table.add_column("used by", overflow="fold")
    for row in rows:
        style = "dim" if row["state"] == "needs acceptance" else ""
        table.add_row(
            row["name"],
            f"{row['bytes'] / 1e6:.1f}",
            row["state"],
            row["licence"],
            ", ".join(row["datasets"]),
            style=style,
        )
    console.print(table)

"""What fetching from a mirror costs beside a plain copy and a sha256 of the same files.

Packed sets are compared with Python's own unpacking with its `data` filter and a sha256 of each
file.  Both ways run in turn in one process, with the files in the system's memory after the first
round, so that the disk's mood is not what is measured.
"""

import argparse
import json
import os
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from foursplit.core.dataset_spec import DatasetSpec, RemoteFiles
from foursplit.core.errors import FoursplitError
from foursplit.data.download import catalogue
from foursplit.data.download.catalogue import CatalogueEntry
from foursplit.data.download.fetch_files import mirror_folder
from foursplit.data.fetch import fetch
from foursplit.io import artifacts

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "fetching.json"

Way = Callable[[Path], object]


def plain_copy(entries: dict[str, CatalogueEntry], place: Path) -> Way:
    """Copy each file, then hash the copy: what a careful shell script would do."""

    def way(into: Path) -> None:
        for entry in entries.values():
            for file in entry.files:
                target = into / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place / file.path, target)
                assert artifacts.sha256_file(target) == file.sha256

    return way


def plain_unpacking(entries: dict[str, CatalogueEntry], place: Path) -> Way:
    """Hash each archive, unpack it, and hash what came out."""

    def way(into: Path) -> None:
        for name, entry in entries.items():
            assert entry.packed is not None
            archive = place / entry.packed.path
            assert artifacts.sha256_file(archive) == entry.packed.sha256
            with tarfile.open(archive) as tar:
                tar.extractall(into / name, filter="data")
            for path in (into / name).rglob("*"):
                if path.is_file():
                    artifacts.sha256_file(path)

    return way


def ours(
    entries: dict[str, CatalogueEntry], files: Callable[[str, CatalogueEntry], RemoteFiles]
) -> Way:
    """Fetch as the stage does: checked, and renamed into place."""
    declared = tuple(files(name, entry) for name, entry in entries.items())
    dataset = DatasetSpec(title="all", provenance="", files=declared, target="")
    return lambda into: fetch(dataset, into / "raw")


def seconds(way: Way) -> float:
    with tempfile.TemporaryDirectory(prefix="foursplit-fetching-") as folder:
        start = time.perf_counter()
        way(Path(folder))
        return time.perf_counter() - start


def compare(mine: Way, plain: Way, repeats: int) -> dict[str, float]:
    """Run both in turn after a round that counts for nothing; the ratio is of pairs."""
    pairs = [(seconds(mine), seconds(plain)) for _ in range(repeats + 1)][1:]
    return {
        "fetch_s": round(median(a for a, _ in pairs), 3),
        "plain_s": round(median(b for _, b in pairs), 3),
        "ratio": round(median(a / b for a, b in pairs), 2),
    }


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    place = mirror_folder()
    if place is None:
        raise FoursplitError(
            "FOURSPLIT_MIRROR: set it to a folder with the data sets of the catalogue"
        )
    known = {name: catalogue.load_entry(name) for name in catalogue.entry_names()}
    singles = {name: entry for name, entry in known.items() if entry.files and not entry.packed}
    packed = {name: entry for name, entry in known.items() if entry.packed and not entry.files}
    copied = compare(
        ours(singles, lambda name, _: RemoteFiles(entry=name)), plain_copy(singles, place), repeats
    )
    unpacked = compare(
        ours(packed, lambda name, _: RemoteFiles(entry=name)), plain_unpacking(packed, place), 2
    )
    found = {
        "device": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "files": {
            "n": sum(len(entry.files) for entry in singles.values()),
            "bytes": sum(entry.bytes for entry in singles.values()),
            **copied,
        },
        "packed": {
            "n": sum(entry.packed.members for entry in packed.values() if entry.packed),
            "bytes": sum(entry.packed.unpacked_bytes for entry in packed.values() if entry.packed),
            **unpacked,
        },
    }
    artifacts.write_json(RESULT, found)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

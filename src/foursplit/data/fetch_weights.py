"""Fetch catalogued weights, and store their tensors under the names of our networks."""

from pathlib import Path
from tempfile import TemporaryDirectory

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.data.download import weights_catalogue
from foursplit.data.download.fetch_files import fetch_file
from foursplit.data.download.retry import RetryPolicy
from foursplit.data.download.weights_catalogue import WeightsEntry
from foursplit.io import artifacts

ORIGIN = "origin.json"

FOREIGN = {
    b"PK\x03\x04": "a zip archive, as torch.save writes it: it holds a pickle",
    b"\x80": "a pickle",
    b"\x89HDF": "HDF5",
}
"""How files of other formats begin."""


def fetch_weights(name: str, into: Path, retry_policy: RetryPolicy | None = None) -> int:
    """Write `model.safetensors` and `origin.json` to the folder `into`; return how many tensors.

    Raises FoursplitError if the file is not the catalogued one, is no safetensors file, or has
    tensors that the entry's rule of names does not fit.
    """
    entry = weights_catalogue.load_entry(name)
    with artifacts.atomic_directory(into) as folder:
        with TemporaryDirectory(dir=into.parent, prefix=".weights.") as temporary:
            path = Path(temporary) / Path(entry.file.path).name
            fetch_file(f"weights {name!r}", entry.file, path, retry_policy or RetryPolicy())
            _require_safetensors(path, entry)
            published = artifacts.read_tensors(path)
        names = weights_catalogue.our_names(entry, sorted(published))
        artifacts.write_tensors(
            folder / paths.weights_file(name).name,
            {ours: published[theirs] for theirs, ours in names.items()},
        )
        artifacts.write_json(folder / ORIGIN, _origin(entry, names))
    return len(names)


def _require_safetensors(path: Path, entry: WeightsEntry) -> None:
    with path.open("rb") as file:
        start = file.read(9)
    for magic, what in FOREIGN.items():
        # The first 8 bytes of safetensors are a length, and then comes JSON.
        if start.startswith(magic) and start[8:] != b"{":
            raise FoursplitError(
                f"{entry.file.path}: is {what}, not safetensors. Reading it could run code: "
                "convert it, and put the new file's sha256 into the catalogue"
            )


def _origin(entry: WeightsEntry, names: dict[str, str]) -> dict[str, object]:
    return {
        "about": entry.about,
        "licence": entry.licence,
        "cite": entry.cite,
        "home": entry.home,
        "sha256": entry.file.sha256,
        "names": names,
    }

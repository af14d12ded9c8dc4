"""Where everything lies, relative to the project's root."""

import os
from functools import cache
from pathlib import Path

from foursplit.core.errors import Refusal


@cache
def root() -> Path:
    """Find the project that the working directory lies in."""
    start = Path(os.environ.get("FOURSPLIT_ROOT", Path.cwd())).resolve()
    for folder in (start, *start.parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return folder
    raise Refusal(
        f"{start}: not inside a Foursplit project (no params.yaml with a dvc.yaml beside it here "
        "or in a folder above). Change into the project, or set FOURSPLIT_ROOT."
    )


def params_file() -> Path:
    return root() / "params.yaml"


def raw(source: str) -> Path:
    """Name the folder that `fetch` fills: bytes as published."""
    return root() / "data" / "raw" / source


def valid(source: str) -> Path:
    """Name the folder of the examples that met every expectation."""
    return root() / "data" / "valid" / source


def validation(source: str) -> Path:
    """Name the folder of the validation's result, JSON and page."""
    return root() / "data" / "validation" / source


def split(source: str) -> Path:
    """Name the folder with `seen/` (train, train_dev, dev), `sealed/` (test) and `report.json`."""
    return root() / "data" / "split" / source


def models(group: str, key: str) -> Path:
    """Name the folder of an experiment's models, a `seed_<n>` folder each."""
    return root() / "data" / "models" / group / key


def predictions(group: str) -> Path:
    """Name the folder of a comparison group's tables: `<key>/seed_<n>/<split>.parquet`."""
    return root() / "data" / "predictions" / group


def selected(group: str) -> Path:
    return root() / "data" / "selected" / f"{group}.json"


def curves(group: str) -> Path:
    """Name the folder of a comparison group's learning curves: `<key>.csv` and `<key>.json`."""
    return root() / "data" / "curves" / group


def final(group: str) -> Path:
    """Name the folder of the winner's four tables, a `seed_<n>` folder each."""
    return root() / "data" / "final" / group


def diagnosis(folder: Path) -> Path:
    """Name what the engine says of the tables in `folder`, all seeds together."""
    return folder / "diagnosis.json"


def tags(source: str) -> Path:
    """Name the sheet of what people said of a source's dev examples; git keeps it."""
    return root() / "data" / "tags" / f"{source}.csv"


def reports() -> Path:
    return root() / "reports"


def state() -> Path:
    """Name the folder of what lies outside the graph: resume state, looks at test, locks."""
    return root() / ".foursplit"


def curve_seconds(key: str) -> Path:
    """Name the file with the seconds that each model of a learning curve took to train."""
    return state() / "learn" / f"{key}.csv"


def seed_folder(parent: Path, seed: int) -> Path:
    return parent / f"seed_{seed}"

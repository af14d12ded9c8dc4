"""Records of each stage's last run: outcome, duration and reasons.  Not part of DVC's graph."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.runner.rerun_reasons import Change

StageOutcome = Literal["ran", "restored", "failed"]

DEFAULT_SECONDS: Mapping[str, float] = {
    "train": 3.0, "learning_curve": 15.0, "validate": 1.2, "evaluate": 1.5, "final": 1.5,
    "lesson": 1.0, "fetch": 1.0, "select": 0.8,
}  # fmt: skip
"""Default duration of a stage by its name, before one was measured (`benchmarks/clean.py`)."""

ESTIMATE_FACTOR, ESTIMATE_POWER = 1.2, 0.4
"""Of an estimate from epochs: trainings of fewer epochs mostly have more steps in each."""

DEFAULT_OTHER_SECONDS = 0.5

MIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """A stage's last run."""

    how: StageOutcome
    seconds: float
    ended: str  # local time
    reasons: tuple[str, ...]
    log: str = ""  # from the root


def records_folder() -> Path:
    return paths.state() / "stages"


def log_path(name: str) -> Path:
    """Return the path of the log of a stage's last run."""
    return paths.state() / "logs" / f"{_file_name(name)}.log"


def listings_folder() -> Path:
    """Return the folder with the file listings of hashed folders."""
    return paths.state() / "listings"


def write(name: str, outcome: StageOutcome, seconds: float, reasons: list[Change]) -> None:
    record = StageRecord(
        how=outcome,
        seconds=round(seconds, 2),
        ended=time.strftime("%Y-%m-%d %H:%M:%S"),
        reasons=tuple(change.describe() for change in reasons),
        log="" if outcome == "restored" else str(log_path(name).relative_to(paths.root())),
    )
    artifacts.write_json(records_folder() / f"{_file_name(name)}.json", asdict(record))


def read(name: str) -> StageRecord | None:
    """Read the record of a stage's last run; None if it is missing or not readable."""
    path = records_folder() / f"{_file_name(name)}.json"
    try:
        content = artifacts.read_json(path)
        return StageRecord(**{**content, "reasons": tuple(content["reasons"])})
    except (FoursplitError, TypeError, KeyError):
        return None


def expected_seconds(
    name: str, title: str, estimates: Mapping[str, float], stored: Mapping[str, float] | None = None
) -> float:
    """Estimate a stage's duration: of its last run, of a `stored` one, of `estimates`, a default.

    `stored` and `estimates` have seconds by title.
    """
    last = read(name)
    if last is not None and last.how == "ran":
        return max(last.seconds, MIN_SECONDS)
    if stored and title in stored:
        return max(stored[title], MIN_SECONDS)
    if title in estimates:
        return float(ESTIMATE_FACTOR * estimates[title] ** ESTIMATE_POWER)
    return DEFAULT_SECONDS.get(title.partition("@")[0], DEFAULT_OTHER_SECONDS)


def _file_name(name: str) -> str:
    """Turn a stage's address into a valid file name."""
    return name.replace("/", "__").replace(":", "--")

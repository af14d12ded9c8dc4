"""What each stage's last run was: why, how long, how it ended.  Lies outside the graph."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.io import artifacts
from foursplit.runner.stage_changes import Change

StageOutcome = Literal["ran", "restored", "failed"]

DEFAULT_SECONDS: Mapping[str, float] = {"train": 3.0, "learn": 10.0, "validate": 1.5}
"""Seconds that a stage of this kind takes, before any was measured."""

DEFAULT_OTHER_SECONDS = 0.5


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
    """Name the file with what a stage said when it last ran."""
    return paths.state() / "logs" / f"{_file_name(name)}.log"


def listings_folder() -> Path:
    """Name the folder that remembers what hashed folders held."""
    return paths.state() / "listings"


def write(name: str, how: StageOutcome, seconds: float, reasons: list[Change]) -> None:
    record = StageRecord(
        how=how,
        seconds=round(seconds, 2),
        ended=time.strftime("%Y-%m-%d %H:%M:%S"),
        reasons=tuple(change.sentence() for change in reasons),
        log="" if how == "restored" else str(log_path(name).relative_to(paths.root())),
    )
    artifacts.write_json(records_folder() / f"{_file_name(name)}.json", asdict(record))


def read(name: str) -> StageRecord | None:
    """Recall a stage's last run; a file that is torn or of another version counts as none."""
    path = records_folder() / f"{_file_name(name)}.json"
    try:
        content = artifacts.read_json(path)
        return StageRecord(**{**content, "reasons": tuple(content["reasons"])})
    except (FoursplitError, TypeError, KeyError):
        return None


def expected_seconds(name: str, title: str, guesses: Mapping[str, float]) -> float:
    """Estimate how long a stage runs: as it last did, as guessed, or as its kind usually does."""
    last = read(name)
    if last is not None and last.how == "ran":
        return max(last.seconds, 0.05)
    return guesses.get(title, DEFAULT_SECONDS.get(title.partition("@")[0], DEFAULT_OTHER_SECONDS))


def _file_name(name: str) -> str:
    """Turn a stage's address into one that every file system takes."""
    return name.replace("/", "__").replace(":", "--")

"""How good is the advice?  Every experiment that it can ask for is run, and its gain measured.

From weak models on real data sets and simulated worlds, the engine's first step competes with
random actions, with rules of thumb, and with a ledger without intervals.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import repeat
from pathlib import Path
from typing import Any

from benchmarks.advice import cache
from benchmarks.advice.advise import advise
from benchmarks.advice.experiments import STARTS
from benchmarks.advice.measure import Measured, measure
from benchmarks.advice.problems import DATASETS, load
from benchmarks.advice.scoring import is_kept, score, summarise
from benchmarks.advice.worlds import WORLDS

from foursplit.core.errors import FoursplitError

RESULT = Path(__file__).parents[1] / "results" / "advice.json"
DRAWS = (1, 2)
DIGITS = 5  # of numbers in the file
NAMES = tuple(sorted({**DATASETS, **WORLDS}))
TUNING = NAMES[::2]
"""The engine was tuned on every second name in alphabetical order, and is reported on the rest."""


def row(measured: Measured) -> dict[str, Any]:
    """Return a start as the file holds it, with what the engine advises."""
    steps, report = advise(measured)
    errors = {split: block["value"] for split, block in report["splits"].items()}
    found = {
        "problem": measured.problem,
        "kind": "world" if measured.problem in WORLDS else "data set",
        "half": "tuning" if measured.problem in TUNING else "report",
        "start": measured.start,
        "draw": measured.draw,
        "level": measured.kind,
        "convergence": report.get("convergence"),
        "n": {split: block["n"] for split, block in report["splits"].items()},
        "errors": errors,
        "sentence": report["verdict"]["sentence"],
        "steps": [asdict(step) for step in steps],
        "outcomes": {action: asdict(o) for action, o in measured.outcomes.items()},
    }
    found = rounded(found)
    right = score(found, found["steps"][0]["action"]).is_right
    return found | {"right": right, "kept": is_kept(found)}


def measured(name: str, folder: Path | None = None) -> list[Measured]:
    """Return all starts of a problem; raise where its files cannot be had.

    `folder`: of what was measured before, so that an edit of the engine trains nothing again.
    """
    if folder and (starts := cache.load(folder / name)):
        return starts
    problem = WORLDS[name]() if name in WORLDS else load(name)
    starts = [measure(problem, start, draw) for start in problem.starts or STARTS for draw in DRAWS]
    if folder:
        cache.save(starts, folder / name)
    return starts


def rows_of(name: str, folder: Path | None = None) -> list[dict[str, Any]] | str:
    """Return the rows of a problem, or why it is left out: no mirror, or a licence to accept."""
    try:
        return [row(start) for start in measured(name, folder)]
    except FoursplitError as error:
        return f"{name} is left out: {error}"


def rounded(value: Any) -> Any:
    """Return a value with its numbers rounded for the file."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list) else value


def main() -> None:
    """Print a line for each problem as it is measured, and write all starts."""
    parser = argparse.ArgumentParser(prog="benchmarks.advice", description=__doc__)
    parser.add_argument("--only", nargs="*", default=NAMES, choices=NAMES, help="data sets")
    parser.add_argument("--out", type=Path, default=RESULT, help="file of the results")
    parser.add_argument("--cache", type=Path, help="folder of measured starts, to use them again")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with ProcessPoolExecutor(given.jobs) as pool:
        for name, found in zip(
            given.only, pool.map(rows_of, given.only, repeat(given.cache)), strict=True
        ):
            print(found if isinstance(found, str) else f"{name}: {len(found)} starts", flush=True)
            rows += [] if isinstance(found, str) else found
    halves = {
        half: summarise([r for r in rows if r["half"] == half])
        for half in ("tuning", "report")
        if any(r["half"] == half for r in rows)
    }
    result = {"halves": rounded(halves), "rows": rows}
    given.out.write_text(dumps(result), encoding="utf-8")


def dumps(result: dict[str, Any]) -> str:
    """Return the file's text: one line for each start."""
    rows = ",\n  ".join(json.dumps(entry) for entry in result["rows"])
    head = json.dumps({key: v for key, v in result.items() if key != "rows"}, indent=1)
    return f'{head[:-2]},\n "rows": [\n  {rows}\n ]\n}}\n'


if __name__ == "__main__":
    main()

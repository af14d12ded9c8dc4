"""Check the laws of the advice over random tables, and store how many were checked.

Run: python benchmarks/laws.py [N_TABLES] [N_JOBS]; it writes benchmarks/results/laws.json.

Each random data set has splits of 3 to 300 rows, some in few groups, some missing, with and without
a human level and a declared distribution.  Of its diagnosis this checks:

- consistent: sentence, status, findings and steps name the same gaps, and no step promises more
  than dev error minus the least possible error;
- more rows: every row twice takes no named gap away without naming another or an issue;
- more splits: a test set, and a human level, take away no gap that was named without them;
- equal sibling: a candidate added with the losses of another changes neither the winner nor its
  place among the others.
"""

import json
import multiprocessing
import re
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.decomposition import verdict
from foursplit.diagnosis.decomposition.decompose import CODES, Decomposition, decompose
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, PredictionTable
from foursplit.diagnosis.selection.model_selection import Candidate, TieRule, select_model
from foursplit.diagnosis.settings import Settings

RESULT = Path(__file__).parent / "results" / "laws.json"
N_TABLES = 10_000
BLOCK = 250
SPLITS = ("train", "train_dev", "dev", "test")
SAID = re.compile(r"(?:Work on|Also significant:) (.*?)\.(?: |$)")
NAMED = re.compile(r"(?:^| and )([a-z][a-z, ]*?) \(([+-][\d.]+)%\)")


def table(split: str, loss: np.ndarray, groups: np.ndarray | None = None) -> PredictionTable:
    """Return the table of these losses as `validate` would, which takes longer than the laws."""
    columns = {
        "example_id": [f"{split}-{i}" for i in range(len(loss))],
        "loss": loss.astype(float),
        "weight": np.ones(len(loss)),
        "is_error": loss > 0,
    }
    if groups is not None:
        columns["group_id"] = np.char.add(f"{split}-", groups.astype(str)).tolist()
    return PredictionTable(split=split, frame=pd.DataFrame(columns))


def random_tables(rng: np.random.Generator) -> dict[str, PredictionTable]:
    """Draw splits of 3 to 300 rows; some are missing, some come in few groups."""
    tables, rate = {}, rng.uniform(0, 0.2)
    for split in SPLITS:
        n = int(10 ** rng.uniform(0.5, 2.5))
        rate = float(np.clip(rate + rng.normal(0, 0.1), 0, 1))
        groups = rng.integers(0, max(1, n // 3), n) if rng.random() < 0.3 else None
        if rng.random() >= 0.2:
            tables[split] = table(split, rng.random(n) < rate, groups)
    return tables


def random_settings(rng: np.random.Generator) -> Settings:
    return Settings(
        human_error=float(rng.choice([0.0, 0.02, 0.2])) if rng.random() < 0.7 else None,
        people=bool(rng.random() < 0.8),
        same_distribution=bool(rng.random() < 0.4),
        n_resamples=200,
    )


def decomposed(tables: Mapping[str, PredictionTable], settings: Settings) -> Decomposition:
    alike = settings.same_distribution
    return decompose([Model(tables=tables)], settings, same_distribution=alike)


def check_consistent(tables: Mapping[str, PredictionTable], settings: Settings) -> None:
    """Check that the parts of one diagnosis name the same gaps, and no gain is too large."""
    found = diagnose_as_json([Model(tables=tables)], settings)
    judged, rows = found["verdict"], {row["gap"]: row for row in found["ledger"]}
    significant = [*judged["primary"], *judged["secondary"]]
    joint = {row["gap"]: row for row in judged["joint"]}
    named = [pair for part in SAID.findall(judged["sentence"]) for pair in NAMED.findall(part)]
    assert [name for name, _ in named] == [verdict.TITLES[gap] for gap in significant]
    single = {gap for gap in significant if gap not in joint}
    status = {gap: row["status"] for gap, row in rows.items()}
    assert {g for g, s in status.items() if s in ("primary", "co_primary", "secondary")} == single
    parts = {gap for row in joint.values() for gap in row["links"]}
    assert {gap for gap, s in status.items() if s == "joint"} <= parts
    codes = [finding["code"] for finding in found["findings"]]
    for gap in significant:
        assert CODES[gap] in codes
    assert ("ST000" in codes) == (not significant)
    steps = {step["link"]: step for step in found["next"]}
    assert steps, "a diagnosis without a step"
    assert {*significant} <= {*steps}
    gaps = {gap for gap in steps if gap in verdict.TITLES}
    assert gaps <= {*significant, *judged["insufficient"]}
    dev, human = found["splits"].get("dev"), found["splits"].get("human")
    if dev is not None:
        beaten = human is not None and dev["hi"] < human["value"]
        least = 0.0 if human is None or beaten else human["value"]
        most = max(0.0, dev["value"] - least) + 1e-9
        assert all((step["gain"] or 0.0) <= most for step in steps.values())
    if settings.same_distribution and {"train_dev", "dev"} <= {*tables}:
        assert "mismatch" not in rows
        assert found["unseen"]["n"] == len(tables["train_dev"]) + len(tables["dev"])


def twice(made: PredictionTable) -> PredictionTable:
    """Return the table with each row, and each group, a second time."""
    frame = made.frame
    again = frame.assign(example_id=frame["example_id"] + "-again")
    if "group_id" in frame:
        again["group_id"] = frame["group_id"] + "-again"
    return PredictionTable(split=made.split, frame=pd.concat([frame, again], ignore_index=True))


def check_more_rows(tables: Mapping[str, PredictionTable], settings: Settings) -> None:
    """Check that twice the rows at the same rates name something where one set did."""
    settings = replace(settings, n_resamples=2000)  # tails of 0.2 % need as many
    before = decomposed(tables, settings).verdict
    after = decomposed({s: twice(t) for s, t in tables.items()}, settings).verdict
    if before.significant:
        assert after.significant or verdict.TRAIN_ERROR in after.insufficient


def check_more_splits(tables: Mapping[str, PredictionTable], settings: Settings) -> None:
    """Check that a test set, and a human level, take no gap away that was named without."""
    whole = decomposed(tables, settings).verdict
    fewer = {split: t for split, t in tables.items() if split != "test"}
    if fewer:
        assert _is_kept(decomposed(fewer, settings).verdict, whole)
    assert _is_kept(decomposed(tables, replace(settings, human_error=None)).verdict, whole)


def _is_kept(before: verdict.Verdict, after: verdict.Verdict) -> bool:
    """Check that each gap and sum that was named still is, or one that it is a part or a sum of."""
    links = {joint.gap: {*joint.links} for joint in (*before.joint, *after.joint)}
    now = {link for gap in after.significant for link in links.get(gap, {gap})}
    return all(not links.get(gap, {gap}).isdisjoint(now) for gap in before.significant)


def check_equal_sibling(tables: Mapping[str, PredictionTable], settings: Settings) -> None:
    """Check that a candidate equal to another changes nothing in the selection."""
    if "dev" not in tables:
        return
    dev = tables["dev"]
    rng = np.random.default_rng(len(dev))
    losses = {"a": dev.loss, "b": rng.permutation(dev.loss), "c": np.minimum(1, dev.loss + 0.01)}
    candidates = [_candidate(k, dev, loss, n) for n, (k, loss) in enumerate(losses.items())]
    sibling = _candidate("z", dev, losses["a"], 99)
    rule = TieRule(margin=0.005, alpha=0.05, n_resamples=100, seed=settings.seed)
    one = select_model(candidates, {}, "minimize", rule)
    two = select_model([*candidates, sibling], {}, "minimize", rule)
    assert one["winner"] == two["winner"]
    assert one["best"] == two["best"]
    order = [row["key"] for row in one["ranking"]]
    assert order == [row["key"] for row in two["ranking"] if row["key"] != "z"]


def _candidate(key: str, like: PredictionTable, loss: np.ndarray, n: int) -> Candidate:
    made = PredictionTable(split="dev", frame=like.frame.assign(loss=loss))
    return Candidate(key=key, metric=made.error, costs={"n_parameters": n}, table=made)


LAWS: Mapping[str, Callable[[Mapping[str, PredictionTable], Settings], None]] = {
    "consistent": check_consistent,
    "more rows": check_more_rows,
    "more splits": check_more_splits,
    "equal sibling": check_equal_sibling,
}


def check(number: int) -> dict[str, str]:
    """Check every law on one random data set; return the failed laws with the reason."""
    rng = np.random.default_rng(zlib.crc32(f"laws {number}".encode()))
    tables, settings = random_tables(rng), random_settings(rng)
    failed = {}
    for law, holds in LAWS.items():
        try:
            if tables:
                holds(tables, settings)
        except AssertionError as error:
            failed[law] = str(error).splitlines()[0] if str(error) else "the law does not hold"
    return failed


def measure(n_tables: int, n_jobs: int | None = None, file: Path | None = None) -> dict[str, Any]:
    """Check all laws on `n_tables` data sets; list the first failures of each.

    With `file`, store what was checked after every `BLOCK` data sets.
    """
    started = time.monotonic()
    violations = dict.fromkeys(LAWS, 0)
    where: dict[str, list[int]] = {law: [] for law in LAWS}
    result: dict[str, Any] = {}
    with multiprocessing.Pool(n_jobs) as pool:
        for number, failed in enumerate(pool.imap(check, range(n_tables), chunksize=10)):
            for law, reason in failed.items():
                print(f"data set {number}: {law}: {reason}", flush=True)
                violations[law] += 1
                where[law] = [*where[law], number][:10]
            if (number + 1) % BLOCK == 0 or number + 1 == n_tables:
                seconds = round(time.monotonic() - started)
                result = {"n_tables": number + 1, "violations": violations, "where": where}
                result["seconds"] = seconds
                if file is not None:
                    file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


def main() -> None:
    n_tables = int(sys.argv[1]) if len(sys.argv) > 1 else N_TABLES
    n_jobs = int(sys.argv[2]) if len(sys.argv) > 2 else None
    print(json.dumps(measure(n_tables, n_jobs, RESULT), indent=2))


if __name__ == "__main__":
    main()

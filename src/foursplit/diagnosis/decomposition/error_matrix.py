"""The two-dimensional table: errors of people, on examples trained on and on others, by domain.

Source: Ng, DLS C3 W2 (bias and variance with mismatched data distributions); Ng (2018), Machine
Learning Yearning, chapters 40-42.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from foursplit.diagnosis.decomposition.ledger import fixed
from foursplit.diagnosis.decomposition.verdict import SLACK, VerdictThresholds
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.stats.bootstrap import Estimate, estimate, percentile_interval

ROWS = ("human", "trained_on", "not_trained_on")

PARTS = {"trained_on": ("train",), "not_trained_on": ("train_dev", "dev")}
"""The splits of each row; test is not opened."""

MAX_DOMAINS = 10  # of dev whose mismatch is decomposed

LABELLED = 500  # items for people: at 5 % error that is known to 2 points either way


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An error, or how to get it."""

    estimate: Estimate | None
    missing: str = ""

    def as_json(self) -> dict[str, Any]:
        if self.estimate is None:
            return {"missing": self.missing}
        return dict(self.estimate.as_json())


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMatrix:
    """The table; `excess` is what a domain's unseen examples cost the model more than people."""

    domains: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]  # by row and domain
    excess: Mapping[str, Estimate]  # paired: of domains where both answered the same examples
    missing: str = ""

    def value(self, row: str, domain: str) -> float | None:
        cell = self.at(row, domain)
        return None if cell is None else cell.value

    def at(self, row: str, domain: str) -> Estimate | None:
        cell = self.cells.get((row, domain))
        return None if cell is None else cell.estimate

    def as_json(self) -> dict[str, Any]:
        missing = [
            {"cell": list(key), "how": cell.missing}
            for key, cell in self.cells.items()
            if cell.estimate is None
        ]
        return {
            "columns": list(self.domains),
            "rows": list(ROWS),
            "cells": [[self.cells[row, d].as_json() for d in self.domains] for row in ROWS],
            "missing": missing,
            "insufficient": self.missing or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedMismatch:
    """Mismatch decomposed: a part harder for people too, and a part specific to the model."""

    general: str
    target: str
    mismatch: float | None
    intrinsic: float | None
    specific: float | None
    intrinsic_interval: tuple[float, float] | None
    specific_interval: tuple[float, float] | None
    insufficient: tuple[str, ...]  # what to measure
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "general": self.general,
            "target": self.target,
            "mismatch": self.mismatch,
            "intrinsic_difficulty": self.intrinsic,
            "intrinsic_interval": _listed(self.intrinsic_interval),
            "model_specific": self.specific,
            "model_specific_interval": _listed(self.specific_interval),
            "insufficient": list(self.insufficient),
            "note": self.note or None,
        }


def compute_error_matrix(
    tables: Mapping[str, PredictionTable],
    rng: np.random.Generator,
    human: Mapping[str, float] | None = None,
    *,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> ErrorMatrix:
    """Fill every cell that the tables and the levels given for `human` allow."""
    usable = {s: tables[s] for part in PARTS.values() for s in part if s in tables}
    frames = {row: _pool(usable, splits) for row, splits in PARTS.items()}
    domains = _domains(frames, human or {})
    options = {"n_resamples": n_resamples, "confidence": confidence}
    cells = {("human", d): _human(frames, d, human or {}, rng, options) for d in domains}
    for row in PARTS:
        for d in domains:
            cells[row, d] = _cell(_of(frames[row], d), "loss", rng, options, _how_to_get(row, d))
    excess = {}
    for d in domains:
        rows = _of(frames["not_trained_on"], d)
        if d not in (human or {}) and len(rows) and rows["human_loss"].notna().all():
            rows = rows.assign(more=rows["loss"] - rows["human_loss"])
            difference = _cell(rows, "more", rng, options, "").estimate
            assert difference is not None
            excess[d] = difference
    missing = "" if domains else "give every table a column 'domain', such as general and target"
    return ErrorMatrix(domains=domains, cells=cells, excess=excess, missing=missing)


def pairs(tables: Mapping[str, PredictionTable]) -> list[tuple[str, str]]:
    """Name, for each domain of dev that is not the training data's main one, the two to compare.

    The main one is the domain with the most weight in train-dev, or in train without it.
    """
    known = {split: t for split, t in tables.items() if t.has("domain")}
    learnt = known.get("train_dev", known.get("train"))
    if learnt is None or "dev" not in known:
        return []
    sizes = _sizes(learnt)
    general = min(sizes, key=lambda domain: (-sizes[domain], domain))
    targets = _sizes(known["dev"])
    ordered = sorted(targets, key=lambda domain: (-targets[domain], domain))
    return [(general, target) for target in ordered[:MAX_DOMAINS] if target != general]


def _sizes(table: PredictionTable) -> dict[str, float]:
    return {
        str(k): float(v)
        for k, v in table.frame.groupby("domain", sort=True)["weight"].sum().items()
    }


def adjusted_mismatch(
    table: ErrorMatrix,
    general: str,
    target: str,
    *,
    confidence: float = 0.95,
    rule: VerdictThresholds | None = None,
) -> AdjustedMismatch:
    """Decompose the mismatch from `general` to `target`.

    One part is also harder for people; the other is specific to the model.
    """
    keys = [(row, d) for row in ("human", "not_trained_on") for d in (general, target)]
    missing = tuple(
        table.cells[key].missing if key in table.cells else _how_to_get(*key)
        for key in keys
        if table.at(*key) is None
    )
    low, high = table.at("not_trained_on", general), table.at("not_trained_on", target)
    easy, hard = table.at("human", general), table.at("human", target)
    mismatch = None if low is None or high is None else high.value - low.value
    note = _at_human_level(table, general, target, rule or VerdictThresholds())
    intrinsic = None if easy is None or hard is None else hard.value - easy.value
    both = intrinsic is not None and mismatch is not None
    specific = mismatch - intrinsic if both else None  # type: ignore[operator]
    return AdjustedMismatch(
        general=general,
        target=target,
        mismatch=mismatch,
        intrinsic=intrinsic,
        specific=specific,
        intrinsic_interval=_between(intrinsic, [hard], [easy], confidence),
        specific_interval=_between(specific, *_excess(table, general, target), confidence),
        insufficient=missing,
        note=note,
    )


def _excess(table: ErrorMatrix, general: str, target: str) -> tuple[list[Any], list[Any]]:
    """Return what is added and what is taken off to get the model's own part of the mismatch."""
    plus: list[Estimate | None] = []
    minus: list[Estimate | None] = []
    for domain, gain, loss in ((target, plus, minus), (general, minus, plus)):
        if domain in table.excess:  # model and people on the same examples: their luck cancels
            gain.append(table.excess[domain])
        else:
            gain.append(table.at("not_trained_on", domain))
            loss.append(table.at("human", domain))
    return plus, minus


def _between(
    value: float | None, plus: list[Any], minus: list[Any], confidence: float
) -> tuple[float, float] | None:
    if value is None or not any(end.n for end in (*plus, *minus)):
        return None
    draws = sum(end.replicates for end in plus) - sum(end.replicates for end in minus)
    lo, hi = percentile_interval(np.atleast_1d(draws), confidence)
    return min(lo, value), max(hi, value)


def _at_human_level(table: ErrorMatrix, general: str, target: str, rule: VerdictThresholds) -> str:
    """Report where the target's column has no gap left though the other has."""
    left, right = _largest(table, general), _largest(table, target)
    reached = table.value("not_trained_on", target)
    if left is None or right is None or reached is None:
        return ""
    limit = rule.threshold(reached) + SLACK
    if right <= limit < left:
        return (
            f"{target} is already at human level ({right:+.1%} at most), though {general} shows "
            f"gaps of up to {left:.1%}: they need not be closed for {target}."
        )
    return ""


def _largest(table: ErrorMatrix, domain: str) -> float | None:
    """Return the largest gap in a domain's column; it needs people and unseen examples."""
    people, seen, unseen = (table.value(row, domain) for row in ROWS)
    if people is None or unseen is None:
        return None
    steps = [unseen - people] if seen is None else [seen - people, unseen - seen, unseen - people]
    return max(steps)


def _pool(tables: Mapping[str, PredictionTable], splits: tuple[str, ...]) -> pd.DataFrame:
    """Stack what has domains; a group keeps its name over splits, a lone row is its own group."""
    names = ["domain", "loss", "weight", "human_loss", "group"]
    parts = []
    for table in (tables[s] for s in splits if s in tables and tables[s].has("domain")):
        grouped = table.has("group_id")
        group = table.frame["group_id" if grouped else "example_id"]
        part = table.frame.reindex(columns=names[:-1])
        part["human_loss"] = part["human_loss"].astype(np.float64)
        parts.append(part.assign(group=f"{'group' if grouped else 'row'} " + group.astype(str)))
    if not parts:
        return pd.DataFrame(columns=names)
    pooled = pd.concat(parts, ignore_index=True)
    # Numbers in the order of the names sort and group many times as fast.
    return pooled.assign(group=pd.factorize(pooled["group"], sort=True)[0])


def _domains(frames: Mapping[str, pd.DataFrame], human: Mapping[str, float]) -> tuple[str, ...]:
    """Order domains by when they come: those trained on first."""
    names = [d for row in PARTS for d in sorted(frames[row]["domain"].unique())]
    return tuple(dict.fromkeys([*names, *sorted(human)]))


def _of(frame: pd.DataFrame, domain: str) -> pd.DataFrame:
    return frame[frame["domain"] == domain]


def _human(
    frames: Mapping[str, pd.DataFrame],
    domain: str,
    levels: Mapping[str, float],
    rng: np.random.Generator,
    options: Mapping[str, Any],
) -> Cell:
    if domain in levels:
        return Cell(estimate=fixed(float(levels[domain])))
    for row in ("not_trained_on", "trained_on"):  # the model's own examples, if people saw those
        rows = _of(frames[row], domain)
        rows = rows[rows["human_loss"].notna()]
        if len(rows):
            return _cell(rows, "human_loss", rng, options, "")
    return Cell(estimate=None, missing=_how_to_get("human", domain))


def _cell(
    rows: pd.DataFrame,
    column: str,
    rng: np.random.Generator,
    options: Mapping[str, Any],
    missing: str,
) -> Cell:
    if rows.empty:
        return Cell(estimate=None, missing=missing)
    rows = rows.sort_values(["group", column, "weight"])  # so that the order of rows is no input
    loss, weight = (rows[c].to_numpy(np.float64) for c in (column, "weight"))
    return Cell(estimate=estimate(loss, weight, rows["group"].to_numpy(), rng, **options))


def _how_to_get(row: str, domain: str) -> str:
    if row == "human":
        return f"label {LABELLED} {domain} items by people"
    if row == "trained_on":
        return f"train on some {domain} examples, and score them"
    return f"hold some {domain} examples out of training, and score them"


def _listed(ends: tuple[float, float] | None) -> list[float] | None:
    return None if ends is None else list(ends)

"""Train a start and all that the advice may ask for, and measure what each experiment gains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from benchmarks.advice.experiments import (
    ACTIONS,
    MEASURE,
    SEEDS,
    STARTS,
    Parts,
    changed,
    chosen_mask,
    fitted,
    partition,
    weights,
)
from benchmarks.advice.learner import Hyperparameters, Network
from benchmarks.advice.problems import Domain, Problem
from sklearn.ensemble import ExtraTreesClassifier

from foursplit.core.seeds import generator

AUDITS = 80  # dev errors, and as many right answers, whose labels people check
SPLITS = ("train", "train_dev", "dev", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one action makes of the true error; shares of the target's examples."""

    error: float
    gain: float  # less than the start's error
    gain_se: float
    behind: float  # the best action's gain minus this one's
    behind_se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A start: what the engine may see of it, and what each action really gives."""

    problem: str
    start: str
    draw: int
    hyperparameters: Hyperparameters
    level: float
    kind: str
    same: bool
    candidates: int
    curves: Sequence[Mapping[str, float]]  # rows of curves.csv
    tables: Mapping[str, pd.DataFrame]  # prediction tables by split
    outcomes: Mapping[str, Outcome]  # by action


def measure(problem: Problem, start: str, draw: int) -> Measured:
    """Train the start and each action's model with every seed, and score them on the pool."""
    hyperparameters = STARTS[start][0]
    parts = partition(problem, start, draw)
    mask = chosen_mask(problem, parts, hyperparameters, draw)
    losses: dict[str, np.ndarray] = {}
    model = None
    for action in (MEASURE, *(a for a in ACTIONS if a != MEASURE)):
        by_seed = []
        for seed in SEEDS:
            key = (problem.name, start, draw, seed)
            rng = generator("advice action", action, *key)
            after = (hyperparameters, parts.train) if action == MEASURE else None
            after = after or changed(action, hyperparameters, parts, problem, rng)
            if after is None:
                break
            rng = generator("advice training", *key)
            dev = parts.dev if model is None else None
            net = fitted(problem, after[1], after[0], mask, rng, dev)
            model = model or net
            truth = parts.pool.corrected if action == "relabel" else parts.pool.y
            by_seed.append(net.predict(parts.pool.x[:, mask]) != truth)
        if by_seed:
            losses[action] = np.stack(by_seed).astype(np.float64)
    assert model is not None
    level, kind = problem.level, problem.kind
    if level is None:
        level = reference_error(problem, parts, draw)
    return Measured(
        problem=problem.name,
        start=start,
        draw=draw,
        hyperparameters=hyperparameters,
        level=level,
        kind=kind,
        same=problem.same and start != "biased_train",
        candidates=problem.candidates,
        curves=model.curves,
        tables=_tables(problem, parts, model, mask, draw),
        outcomes=compare(losses, weights(problem, parts.pool.y)),
    )


def compare(losses: Mapping[str, np.ndarray], weight: np.ndarray) -> dict[str, Outcome]:
    """Compare actions by their (seed, example) losses on the same weighted examples.

    Standard errors hold the sampling of examples and the spread over seeds; the latter is pooled
    over the actions, as few seeds say little of one.
    """
    errors = {a: np.average(x, axis=1, weights=weight) for a, x in losses.items()}
    means = {a: float(e.mean()) for a, e in errors.items()}
    best = min(means, key=lambda a: means[a])
    outcomes = {}
    by_seed = float(
        np.mean([np.var(errors[a] - errors[MEASURE], ddof=1) for a in losses if a != MEASURE])
    ) / len(errors[MEASURE])

    def se(one: str, other: str) -> float:
        if one == other:
            return 0.0
        d = (losses[one].mean(axis=0) - losses[other].mean(axis=0)) * weight / weight.mean()
        return float(np.sqrt(d.var() / len(d) + by_seed))

    for action in losses:
        outcomes[action] = Outcome(
            error=means[action],
            gain=means[MEASURE] - means[action],
            gain_se=se(action, MEASURE),
            behind=means[action] - means[best],
            behind_se=se(action, best),
        )
    return outcomes


def reference_error(problem: Problem, parts: Parts, draw: int) -> float:
    """Return the error of a forest of 300 trees that is trained on all but the pool.

    It stands for the best that is known of a data set without a published level.
    """
    rest = [parts.train, parts.more, parts.like_target, parts.train_dev, parts.dev, parts.test]
    forest = ExtraTreesClassifier(
        300, min_samples_leaf=1, random_state=draw, class_weight=None, n_jobs=1
    )
    forest.fit(np.concatenate([d.x for d in rest]), np.concatenate([d.y for d in rest]))
    wrong = forest.predict(parts.pool.x) != parts.pool.y
    return float(np.average(wrong, weights=weights(problem, parts.pool.y)))


def _tables(
    problem: Problem, parts: Parts, model: Network, mask: np.ndarray, draw: int
) -> dict[str, pd.DataFrame]:
    """Return what a team has of the start: answers on the four splits, and a column for slices."""
    mean, std = parts.train.x.mean(axis=0), parts.train.x.std(axis=0) + 1e-6
    direction = np.linalg.svd((parts.train.x - mean) / std, full_matrices=False)[2][0]
    limits = np.quantile(((parts.dev.x - mean) / std) @ direction, [1 / 3, 2 / 3])
    tables = {}
    for split in SPLITS:
        domain: Domain = getattr(parts, split)
        band = np.searchsorted(limits, ((domain.x - mean) / std) @ direction)
        y_hat = model.predict(domain.x[:, mask])
        frame = pd.DataFrame(
            {
                "example_id": [f"{split}{i}" for i in range(len(domain))],
                "y": domain.y,
                "y_hat": y_hat,
                "weight": weights(problem, domain.y),
                "meta.band": np.array(["low", "middle", "high"], dtype=object)[band],
            }
        )
        if problem.audited and split == "dev":
            frame["label_audit"] = _audit(domain, y_hat, generator("advice audit", draw))
        tables[split] = frame
    return tables


def _audit(domain: Domain, y_hat: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Let people check some wrong and some right answers."""
    verdicts = np.full(len(domain), None, dtype=object)
    for group in (y_hat != domain.y, y_hat == domain.y):
        rows = rng.permutation(np.flatnonzero(group))[:AUDITS]
        wrong = domain.y[rows] != domain.corrected[rows]
        verdicts[rows] = np.where(wrong, "wrong", "ok")
    return verdicts

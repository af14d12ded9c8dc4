"""Starts, and the experiments that the advice can ask for: each is really run.

A start is a weak model.  An action changes one thing of it and trains again; the truth is the
error on a large part of the target that nothing else uses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from benchmarks.advice.learner import Hyperparameters, Network, train
from benchmarks.advice.problems import Domain, Problem

from foursplit.core.seeds import generator

SEEDS = (1, 2)
"""Seeds of each training: truths are means over them."""

MEASURE = "measure"
"""Enlarge a split, measure a level, or stop: no model changes, so nothing is gained."""

ACTIONS = (
    "bigger", "longer", "less_penalty", "more_penalty", "more_data", "target_data", "augment",
    "relabel", MEASURE,
)  # fmt: skip
"""What a step can ask for."""

STARTS: dict[str, tuple[Hyperparameters, float]] = {
    "good": (Hyperparameters(), 1.0),
    "mild_penalty": (Hyperparameters(penalty=3e-4), 1.0),
    "too_small": (Hyperparameters(hidden=(2,)), 1.0),
    "too_regularised": (Hyperparameters(penalty=0.1), 1.0),
    "too_little_data": (Hyperparameters(), 0.15),
    "too_flexible": (Hyperparameters(hidden=(128,), epochs=80), 0.3),
    "not_converged": (Hyperparameters(epochs=2), 1.0),
    "biased_train": (Hyperparameters(), 0.6),
}
"""Hyperparameters of each start, and the share of the usual train set that it has."""

JITTER = 0.3  # standard deviations of the features, added to copies of train


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One partition of a problem: no example is in two of these."""

    train: Domain
    more: Domain  # of train's distribution
    like_target: Domain  # of the target's
    train_dev: Domain
    dev: Domain
    test: Domain
    pool: Domain  # of the target's, for the truth


def _cut(domain: Domain, order: np.ndarray, sizes: Sequence[int]) -> list[Domain]:
    ends = np.cumsum([0, *sizes])
    return [domain.take(order[a:b]) for a, b in pairwise(ends)]


def partition(problem: Problem, start: str, draw: int) -> Parts:
    """Divide the examples at random: the truth's pool first, then dev, test, train-dev, train."""
    rng = generator("advice parts", problem.name, draw)
    n = len(problem.target)
    order = rng.permutation(n)
    n_pool = min(5000, int(0.35 * n))
    n_dev = problem.dev_size or min(400, int(0.12 * n))
    n_test = n_dev
    n_like = min(600, int(0.15 * n))
    pool, dev, test, like, rest = _cut(
        problem.target, order, [n_pool, n_dev, n_test, n_like, n - n_pool - n_dev - n_test - n_like]
    )
    source = rest if problem.same else problem.source
    if start == "biased_train":
        source = _biased(source, rng)
    n_train_dev = problem.dev_size or min(300, int(0.15 * len(source)))
    n_usual = min(800, int(0.4 * (len(source) - n_train_dev)))
    n_train = max(30, int(STARTS[start][1] * n_usual))
    n_more = min(2 * n_train, len(source) - n_train_dev - n_train)
    order = rng.permutation(len(source))
    train_dev, first, more = _cut(source, order, [n_train_dev, n_train, n_more])
    return Parts(
        train=first,
        more=more,
        like_target=like.take(np.arange(min(len(like), 2 * n_train))),
        train_dev=train_dev,
        dev=dev,
        test=test,
        pool=pool,
    )


def _biased(domain: Domain, rng: np.random.Generator) -> Domain:
    """Keep examples by chance, those with a low first principal component far more often."""
    scaled = (domain.x - domain.x.mean(axis=0)) / (domain.x.std(axis=0) + 1e-6)
    direction = np.linalg.svd(scaled[:2000], full_matrices=False)[2][0]
    direction *= np.sign(direction[np.abs(direction).argmax()])
    component = scaled @ direction
    z = (component - np.median(component)) / component.std()
    kept = rng.random(len(z)) < 1 / (1 + np.exp(4 * z + 1))
    return domain.take(np.flatnonzero(kept))


def changed(
    action: str,
    hyperparameters: Hyperparameters,
    parts: Parts,
    problem: Problem,
    rng: np.random.Generator,
) -> tuple[Hyperparameters, Domain] | None:
    """Return settings and train set after an action; None where that is impossible or no change."""
    if action in ("more_data", "target_data"):
        extra = parts.more if action == "more_data" else parts.like_target
        return _as_many_steps(hyperparameters, parts.train, _joined(parts.train, extra))
    if action == "augment":
        return _as_many_steps(
            hyperparameters, parts.train, augmented(parts.train, problem.side, rng)
        )
    if action == "relabel":
        corrected = replace(parts.train, y=parts.train.corrected)
        return (hyperparameters, corrected) if problem.audited else None
    turned = turn(action, hyperparameters)
    return turned and (turned, parts.train)


def _as_many_steps(
    hyperparameters: Hyperparameters, before: Domain, after: Domain
) -> tuple[Hyperparameters, Domain]:
    """Keep the number of training steps, so that more data is not longer training as well."""
    return replace(hyperparameters, epochs=hyperparameters.epochs * len(before) / len(after)), after


def turn(action: str, hyperparameters: Hyperparameters) -> Hyperparameters | None:
    """Return the hyperparameters after an action on the model; None where it changes nothing."""
    if action == "bigger":
        hidden = tuple(8 * n if n < 16 else 4 * n for n in hyperparameters.hidden) or (32,)
        return replace(hyperparameters, hidden=hidden)
    if action == "longer":
        return replace(hyperparameters, epochs=4 * hyperparameters.epochs)
    if action == "less_penalty":
        return (
            replace(hyperparameters, penalty=hyperparameters.penalty / 30)
            if hyperparameters.penalty
            else None
        )
    if action == "more_penalty":
        return replace(hyperparameters, penalty=max(30 * hyperparameters.penalty, 3e-3))
    return None


def _joined(one: Domain, other: Domain) -> Domain:
    return Domain(
        x=np.concatenate([one.x, other.x]),
        y=np.concatenate([one.y, other.y]),
        corrected=np.concatenate([one.corrected, other.corrected]),
    )


def augmented(domain: Domain, side: int, rng: np.random.Generator) -> Domain:
    """Add two copies: of pictures, moved by a pixel; of other inputs, with noise."""
    copies = domain
    for _ in range(2):
        if side:
            pictures = domain.x.reshape(-1, side, side)
            moves = rng.integers(-1, 2, (len(pictures), 2))
            x = np.stack(
                [np.roll(p, tuple(m), axis=(0, 1)) for p, m in zip(pictures, moves, strict=True)]
            ).reshape(domain.x.shape)
        else:
            noise = rng.standard_normal(domain.x.shape).astype(np.float32)
            x = domain.x + JITTER * domain.x.std(axis=0) * noise
        copies = _joined(copies, replace(domain, x=x))
    return copies


def weights(problem: Problem, y: np.ndarray) -> np.ndarray:
    """Return the weight of each example in the metric."""
    return np.asarray(problem.class_weights)[y] if problem.class_weights else np.ones(len(y))


def fitted(
    problem: Problem,
    domain: Domain,
    hyperparameters: Hyperparameters,
    mask: np.ndarray,
    rng: np.random.Generator,
    dev: Domain | None = None,
) -> Network:
    """Train on the inputs that `mask` keeps; the curves hold the loss on `dev` too."""
    classes = np.eye(problem.n_classes, dtype=np.float32)
    return train(
        domain.x[:, mask],
        classes[domain.y],
        weights(problem, domain.y),
        hyperparameters,
        rng,
        one_scale=problem.side > 0,
        dev=dev and (dev.x[:, mask], classes[dev.y], weights(problem, dev.y)),
    )


def chosen_mask(
    problem: Problem, parts: Parts, hyperparameters: Hyperparameters, draw: int
) -> np.ndarray:
    """Return the inputs of the candidate that errs least on dev; all, without candidates."""
    n_features = parts.train.x.shape[1]
    best, least = np.ones(n_features, bool), np.inf
    for candidate in range(problem.candidates if problem.candidates > 1 else 0):
        rng = generator("advice candidate", problem.name, draw, candidate)
        mask = rng.random(n_features) < 0.7
        model = fitted(problem, parts.train, hyperparameters, mask, rng)
        error = float((model.predict(parts.dev.x[:, mask]) != parts.dev.y).mean())
        if error < least:
            best, least = mask, error
    return best

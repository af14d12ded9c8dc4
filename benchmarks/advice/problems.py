"""The real data sets of the advice benchmark, and what a problem is."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from foursplit import plugins
from foursplit.core.examples import Examples
from foursplit.core.seeds import generator
from foursplit.data import fetch
from foursplit.data.to_examples import to_examples

MOST = 12_000  # examples of a domain: more change nothing but the time
MOST_FEATURES = 200  # the most frequent ones of counts of letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Examples of one distribution: inputs, labels as the team has them, and corrected ones."""

    x: np.ndarray  # (example, feature)
    y: np.ndarray
    corrected: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: np.ndarray) -> "Domain":
        """Return some of the examples."""
        return Domain(x=self.x[rows], y=self.y[rows], corrected=self.corrected[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Examples to train on, examples of the target, and the least error that is known."""

    name: str
    source: Domain
    target: Domain
    n_classes: int
    same: bool  # source and target are one distribution, and `source` is `target`
    level: float | None  # human, best known or Bayes error; None: that of a reference model
    kind: str = "best known"  # of the level
    corrected_level: float | None = None  # after labels are corrected
    class_weights: tuple[float, ...] = ()  # of the metric; none: all examples count alike
    audited: bool = False  # whether people checked the labels of some dev examples
    dev_size: int | None = None  # None: what is usual
    candidates: int = 1  # models from which dev chooses the start
    starts: tuple[str, ...] = field(default=())  # none: all
    side: int = 0  # pixels of a side, where the inputs are pictures


def _same(examples: Examples) -> np.ndarray:
    return np.zeros(len(examples), bool)


def _target(*names: str) -> Callable[[Examples], np.ndarray]:
    return lambda examples: examples.metadata["domain"].isin(names).to_numpy()


DATASETS: dict[str, Callable[[Examples], np.ndarray]] = {
    "breast_cancer": _same,
    "california_housing": _target("coast"),
    "diabetes": _same,
    "digits": _target("phone"),
    "fashion_mnist": _same,
    "heart_hospitals": _same,
    "mnist": _same,
    "mnist_optdigits": _target("optdigits"),
    "mnist_usps": _target("usps"),
    "mushroom": _target("elsewhere"),
    "names_by_language": _same,
    "spoken_digits": _target("george", "nicolas", "theo"),
    "wine_colours": _target("white"),
}
"""The real data sets, with what says which of their examples are the target's."""

QUANTITIES = ("california_housing", "diabetes")
"""Data sets whose target is a quantity: the class is whether it is above the median."""

MARKS = {"wine_colours": 6}
"""Data sets whose target is a mark: the class is whether it is at least this."""


def load(name: str) -> Problem:
    """Return a real data set as a problem: one example of each group, pictures made smaller."""
    module = plugins.dataset(name)
    with tempfile.TemporaryDirectory(prefix="foursplit-advice-") as folder:
        fetch.fetch(module.SPEC, Path(folder) / "raw")
        examples = to_examples(module.read(Path(folder) / "raw"), module.SPEC)
    first = ~examples.metadata["group_id"].duplicated().to_numpy()
    rng = generator("advice benchmark", name)
    is_target = DATASETS[name](examples)
    same = not is_target.any()
    y = _classes(name, examples)
    domains = []
    for mask in (~is_target,) if same else (~is_target, is_target):
        rows = np.sort(rng.permutation(np.flatnonzero(mask & first))[:MOST])
        domains.append(_domain(examples.take(rows), y[rows]))
    source, target = domains[0], domains[-1]
    known = module.SPEC.reference
    picture = examples.x.ndim == 4
    return Problem(
        name=name,
        source=source,
        target=target,
        n_classes=int(y.max()) + 1,
        same=same,
        level=known.error if known and name not in QUANTITIES else None,
        kind=known.kind if known else "best known",
        side=int(np.sqrt(source.x.shape[1])) if picture else 0,
    )


def _classes(name: str, examples: Examples) -> np.ndarray:
    values = examples.metadata["y"].to_numpy()
    if name in QUANTITIES:
        return (values > np.median(values)).astype(np.int64)
    if name in MARKS:
        return (values >= MARKS[name]).astype(np.int64)
    return values.astype(np.int64)


def _domain(examples: Examples, y: np.ndarray) -> Domain:
    x = np.asarray(examples.x, dtype=np.float32)
    if x.ndim == 4:
        x = _smaller(x)
    x = x.reshape(len(x), -1)
    if x.shape[1] > MOST_FEATURES + 56:
        x = x[:, np.sort(np.argsort(-x.sum(axis=0), kind="stable")[:MOST_FEATURES])]
    return Domain(x=x, y=y, corrected=y)


def _smaller(x: np.ndarray) -> np.ndarray:
    """Average (example, 1, row, column) pictures over squares of 2 by 2 until 16 by 16 or less."""
    while x.shape[-1] > 16:
        x = x.reshape(len(x), 1, x.shape[2] // 2, 2, x.shape[3] // 2, 2).mean(axis=(3, 5))
    return x

"""Boosted trees by XGBoost, stopped early: each tree learns what those before it got wrong.

When to stop is judged on a part of train that the model sets aside itself, never on dev: dev
would be chosen on, and no longer say what the choice is worth.

Source: Ng, MLS C2 W4 (boosted trees, XGBoost); Chen and Guestrin (2016), XGBoost, section 2.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

from foursplit.core.examples import DataShape
from foursplit.core.seeds import derive, generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    max_rounds: int = 500  # trees at most; of several classes, trees a class
    learning_rate: float = 0.1  # share of each tree's answer that is added
    max_depth: int = 6  # questions above a leaf of each tree at most
    patience: int = 10  # rounds without a better loss before boosting stops
    set_aside: float = 0.2  # share of train, drawn by seed, on which the loss is judged

    def __post_init__(self) -> None:
        for name in ("max_rounds", "max_depth", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least 1")
        for name in ("learning_rate", "set_aside"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} must be between 0 and 1")


class Boosted:
    """Trees with a fit of their own."""

    objective = ""

    def __init__(self, args: Args, n_classes: int, seed: int) -> None:
        self.args, self.n_classes, self.seed = args, n_classes, seed
        self.booster: xgboost.Booster | None = None
        self.losses: tuple[float, ...] = ()  # on what was set aside, round by round

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        """Add trees until the loss on the part set aside has not fallen for `patience` rounds."""
        judged = self._drawn(len(y))
        kept, aside = (
            xgboost.DMatrix(_rows(x[part]), label=y[part], nthread=1) for part in (~judged, judged)
        )
        seen: dict[str, Any] = {}
        booster = xgboost.train(
            self._settings(),
            kept,
            num_boost_round=self.args.max_rounds,
            evals=[(aside, "aside")],
            early_stopping_rounds=self.args.patience,
            evals_result=seen,
            verbose_eval=False,
        )
        (losses,) = seen["aside"].values()
        self.losses = tuple(losses)
        self.booster = booster[: booster.best_iteration + 1]  # the rest made it worse

    def _drawn(self, n: int) -> np.ndarray:
        """Mark the examples to be set aside."""
        n_aside = max(1, round(self.args.set_aside * n))
        if n_aside >= n:
            raise ValueError(f"set_aside: {self.args.set_aside} of {n} examples leaves none")
        chosen = generator("boosted_trees", self.seed).permutation(n)[:n_aside]
        return np.isin(np.arange(n), chosen)

    def _settings(self) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "eta": self.args.learning_rate,
            "max_depth": self.args.max_depth,
            "nthread": 1,  # sums of gradients depend on how they are shared out
            "seed": derive("boosted_trees", self.seed) % 2**31,
            **({"num_class": self.n_classes} if self.n_classes > 2 else {}),
        }

    def answers(self, x: np.ndarray) -> np.ndarray:
        """Give what the objective predicts, in double precision."""
        assert self.booster is not None, "fit or restore comes first"
        found: np.ndarray = self.booster.predict(xgboost.DMatrix(_rows(x), nthread=1))
        return found.astype(np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the trees as the bytes of XGBoost's JSON, which holds no code."""
        assert self.booster is not None, "fit or restore comes first"
        content = np.frombuffer(self.booster.save_raw("json"), dtype=np.uint8)
        return {"trees": content, "losses": np.array(self.losses)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.losses = tuple(arrays["losses"].tolist())
        self.booster = xgboost.Booster({"nthread": 1})
        self.booster.load_model(bytearray(arrays["trees"].tobytes()))

    @property
    def n_parameters(self) -> int:
        """Count a feature and a threshold a split, and a number a leaf."""
        content = json.loads(self.arrays()["trees"].tobytes())
        trees = content["learner"]["gradient_booster"]["model"]["trees"]
        lefts = [left for one in trees for left in one["left_children"]]
        n_leaves = sum(left == -1 for left in lefts)
        return 2 * (len(lefts) - n_leaves) + n_leaves


class OfTwo(Boosted):
    """Boosting of the log-odds of the second of two classes."""

    objective = "binary:logistic"

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        second = self.answers(x)
        return np.stack([1 - second, second], axis=1)


class OfSeveral(Boosted):
    """Boosting of a logit a class."""

    objective = "multi:softprob"

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self.answers(x)


class OfQuantities(Boosted):
    """Boosting of a number, by squared error."""

    objective = "reg:squarederror"

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.answers(x)


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float32)


def build(args: Args, shape: DataShape, seed: int) -> Boosted:
    """Give a model with fit(x, y), and predict_proba(x) of classes or predict(x) of quantities."""
    if not shape.classes:
        return OfQuantities(args, 0, seed)
    kind = OfTwo if shape.n_classes == 2 else OfSeveral
    return kind(args, shape.n_classes, seed)

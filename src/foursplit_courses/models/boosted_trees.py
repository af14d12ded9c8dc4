"""Gradient-boosted trees by XGBoost with early stopping.

Early stopping uses validation examples that the model splits off train, never dev: a choice made on
dev would bias the dev error.

Source: Ng, MLS C2 W4 (boosted trees, XGBoost); Chen and Guestrin (2016), XGBoost, section 2.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

from foursplit.core.examples import DataSpec
from foursplit.core.own_curve import OwnCurve
from foursplit.core.seeds import derive_seed, generator
from foursplit_courses.argument_checks import check_at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_estimators: int = 500  # maximum number of boosting rounds; a tree per class and round
    learning_rate: float = 0.1  # shrinkage of each tree
    max_depth: int = 6
    early_stopping_rounds: int = 10  # without a lower validation loss
    validation_fraction: float = 0.2  # of train, drawn by seed

    def __post_init__(self) -> None:
        check_at_least(self, n_estimators=1, max_depth=1, early_stopping_rounds=1)
        for name in ("learning_rate", "validation_fraction"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} must be between 0 and 1")


class BoostedTrees:
    """Base class; subclasses set the objective."""

    objective = ""
    loss = ""  # XGBoost's default metric of the objective

    def __init__(self, args: Args, n_classes: int, seed: int) -> None:
        self.args, self.n_classes, self.seed = args, n_classes, seed
        self.booster: xgboost.Booster | None = None
        self.losses: tuple[float, ...] = ()  # validation loss by round
        self.train_losses: tuple[float, ...] = ()

    def fit(self, x: np.ndarray, y: np.ndarray) -> None:
        """Add trees until the validation loss stops falling for `early_stopping_rounds` rounds."""
        is_validation = self._validation_mask(len(y))
        train, validation = (
            xgboost.DMatrix(_rows(x[mask]), label=y[mask], nthread=1)
            for mask in (~is_validation, is_validation)
        )
        history: dict[str, Any] = {}
        booster = xgboost.train(
            self._params(),
            train,
            num_boost_round=self.args.n_estimators,
            evals=[(train, "train"), (validation, "validation")],  # the last one stops early
            early_stopping_rounds=self.args.early_stopping_rounds,
            evals_result=history,
            verbose_eval=False,
        )
        (losses,) = history["validation"].values()
        self.losses = tuple(losses)
        (train_losses,) = history["train"].values()
        self.train_losses = tuple(train_losses)
        self.booster = booster[: booster.best_iteration + 1]  # later rounds increased the loss

    def _validation_mask(self, n: int) -> np.ndarray:
        """Return a mask of the validation examples."""
        n_validation = max(1, round(self.args.validation_fraction * n))
        if n_validation >= n:
            fraction = self.args.validation_fraction
            raise ValueError(f"validation_fraction: {fraction} of {n} examples leaves none to fit")
        chosen = generator("boosted_trees", self.seed).permutation(n)[:n_validation]
        return np.isin(np.arange(n), chosen)

    def _params(self) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "eta": self.args.learning_rate,
            "max_depth": self.args.max_depth,
            "nthread": 1,  # sums of gradients depend on the number of threads
            "seed": derive_seed("boosted_trees", self.seed) % 2**31,
            **({"num_class": self.n_classes} if self.n_classes > 2 else {}),
        }

    def _predict(self, x: np.ndarray) -> np.ndarray:
        """Return the booster's predictions in double precision."""
        assert self.booster is not None, "fit or restore comes first"
        prediction: np.ndarray = self.booster.predict(xgboost.DMatrix(_rows(x), nthread=1))
        return prediction.astype(np.float64)

    def own_curves(self) -> list[OwnCurve]:
        """Return the losses by round, also of rounds after the best one, which are not used."""
        lines = {"train loss": self.train_losses, "validation loss": self.losses}
        return [
            OwnCurve(
                title="Loss by boosting round",
                step="round",
                value=f"loss ({self.loss})",
                lines=lines,
            )
        ]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the trees as bytes of XGBoost's JSON, which contains no code."""
        assert self.booster is not None, "fit or restore comes first"
        content = np.frombuffer(self.booster.save_raw("json"), dtype=np.uint8)
        return {"trees": content, "losses": np.array(self.losses)}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        self.losses = tuple(arrays["losses"].tolist())
        self.booster = xgboost.Booster({"nthread": 1})
        self.booster.load_model(bytearray(arrays["trees"].tobytes()))

    @property
    def n_parameters(self) -> int:
        """Count feature and threshold of each split, and the value of each leaf."""
        content = json.loads(self.arrays()["trees"].tobytes())
        trees = content["learner"]["gradient_booster"]["model"]["trees"]
        lefts = [left for tree in trees for left in tree["left_children"]]
        n_leaves = sum(left == -1 for left in lefts)
        return 2 * (len(lefts) - n_leaves) + n_leaves


class BoostedBinaryClassifier(BoostedTrees):
    """Boosting of the logit of the second of two classes."""

    objective = "binary:logistic"
    loss = "log loss"

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        positive = self._predict(x)
        return np.stack([1 - positive, positive], axis=1)


class BoostedMulticlassClassifier(BoostedTrees):
    """Boosting of one logit per class."""

    objective = "multi:softprob"
    loss = "log loss"

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self._predict(x)


class BoostedRegressor(BoostedTrees):
    """Boosting of a quantity by squared error."""

    objective = "reg:squarederror"
    loss = "root mean squared error"

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self._predict(x)


def _rows(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float32)


def build(args: Args, shape: DataSpec, seed: int) -> BoostedTrees:
    """Return a model with fit(x, y), and predict_proba(x) (classes) or predict(x)."""
    if not shape.classes:
        return BoostedRegressor(args, 0, seed)
    model_class = BoostedBinaryClassifier if shape.n_classes == 2 else BoostedMulticlassClassifier
    return model_class(args, shape.n_classes, seed)

"""The pyfunc model of plain MLflow: `mlflow.pyfunc.load_model("models:/c4w2_digits@champion")`.

A version's `MLmodel` names this module, and MLflow calls its `_load_pyfunc`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.config.schema import RuntimeConfig
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.threshold import PROBA
from foursplit.tracking.registry import version_files
from foursplit.tracking.registry.loaded_model import LoadedModel

SERVED = "FOURSPLIT_SERVED_MODEL"
"""Environment variable with the folder of a server's model."""


class PyfuncModel:
    """A version as a pyfunc model: `predict` takes a table with named columns, or an array."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    def predict(self, x: Any) -> np.ndarray | pd.DataFrame | list[list[list[float]]]:
        """Predict as `foursplit.load_model` does; columns are in the signature's order.

        Where a threshold was frozen a row holds the answer, its probabilities and the threshold.
        """
        from mlflow.exceptions import MlflowException

        try:
            if self.model.thresholds[self.model.seeds[0]] is not None:
                table = self.model.answer(x)
                _require_finite(table.filter(like=PROBA).to_numpy(), self.model.uri)
                return table
            answers = self.model.predict(x)
            if isinstance(answers, list):  # boxes: as many rows as a picture has
                return [boxes.tolist() for boxes in answers]
            if answers.dtype != object:  # numbers, and no texts
                _require_finite(answers, self.model.uri)
        except FoursplitError as error:  # a server answers 400 instead of a traceback
            raise MlflowException.invalid_parameter_value(str(error)) from error
        return answers


def _require_finite(answers: np.ndarray, uri: str) -> None:
    """Raise for a prediction that JSON cannot represent."""
    bad = ~np.isfinite(answers).reshape(len(answers), -1).all(axis=1)
    if bad.any():
        raise FoursplitError(
            f"{uri}: the prediction for row {int(bad.argmax()) + 1} is not finite: its inputs are "
            "far outside of the training data"
        )


def _load_pyfunc(path: str) -> PyfuncModel:
    """Load the version in the folder `path`, and check its files for consistency.

    MLflow does not tell the version or the registry, so the stored hashes are not known here;
    `foursplit.load_model` and `foursplit serve` know and verify them.
    """
    folder = Path(path)
    version_files.digests(folder)  # raises for pickles, links and other foreign files
    return PyfuncModel(LoadedModel(folder, runtime_config(folder), str(folder)))


def runtime_config(folder: Path) -> RuntimeConfig:
    """Return the runtime settings of a version's training: a server may run outside the project."""
    manifest = version_files.manifest(folder)
    return RuntimeConfig(
        accelerator="cpu" if manifest["device"] == "cpu" else "auto",
        threads=manifest["threads"],
        instruction_set=manifest["instruction_set"],
    )

"""What plain MLflow loads: `mlflow.pyfunc.load_model("models:/c4w2_digits@champion")`.

A version's `MLmodel` names this module, and MLflow asks it for `_load_pyfunc`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from foursplit.config.schema import Run
from foursplit.core.errors import FoursplitError
from foursplit.tracking.registry import version_files
from foursplit.tracking.registry.loaded_model import LoadedModel

SERVED = "FOURSPLIT_SERVED_MODEL"
"""Environment variable by which a server's process learns the folder of its model."""


class PyfuncModel:
    """A version as MLflow wants it: `predict` for a table with named columns, or an array."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    def predict(self, x: Any) -> np.ndarray:
        """Answer as `foursplit.load_model` does; columns come in the signature's order."""
        from mlflow.exceptions import MlflowException

        try:
            answers = self.model.predict(x)
            _require_finite(answers, self.model.uri)
        except FoursplitError as refusal:  # a server answers 400 with it, in place of a traceback
            raise MlflowException.invalid_parameter_value(str(refusal)) from refusal
        return answers


def _require_finite(answers: np.ndarray, uri: str) -> None:
    """Refuse an answer that JSON cannot say."""
    bad = ~np.isfinite(answers).reshape(len(answers), -1).all(axis=1)
    if bad.any():
        raise FoursplitError(
            f"{uri}: the answer to row {int(bad.argmax()) + 1} is not finite: its inputs are far "
            "outside of what the model was trained on"
        )


def _load_pyfunc(path: str) -> PyfuncModel:
    """Load the version in the folder `path`, its files held against one another.

    MLflow does not say which version of which registry it is, so that nothing here knows the
    hashes that were stored: `foursplit.load_model` and `foursplit serve` do, and check them.
    """
    folder = Path(path)
    version_files.digests(folder)  # refuses pickles, links and whatever else does not belong
    return PyfuncModel(LoadedModel(folder, runtime_config(folder), str(folder)))


def runtime_config(folder: Path) -> Run:
    """Read off a version how it was trained: a server may stand outside the project."""
    told = version_files.manifest(folder)
    return Run(
        accelerator="cpu" if told["device"] == "cpu" else "auto",
        threads=told["threads"],
        kernels=told["kernels"],
    )

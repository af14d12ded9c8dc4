"""What plain MLflow loads: `mlflow.pyfunc.load_model("models:/c4w2_digits@champion")`.

A version's `MLmodel` names this module, and MLflow asks it for `_load_pyfunc`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.errors import Refusal
from foursplit.core.experiment import Run
from foursplit.tracking import stored
from foursplit.tracking.loaded import LoadedModel


class Answers:
    """A version as MLflow wants it: `predict` for a table with named columns, or an array."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    def predict(self, x: Any) -> np.ndarray:
        """Answer as `foursplit.load_model` does; columns come in the signature's order."""
        from mlflow.exceptions import MlflowException

        try:
            return self.model.predict(x.to_numpy() if isinstance(x, pd.DataFrame) else x)
        except Refusal as refusal:  # a server answers 400 with it, in place of a traceback
            raise MlflowException.invalid_parameter_value(str(refusal)) from refusal


def _load_pyfunc(path: str) -> Answers:
    """Load the version in the folder `path`, its files held against one another.

    MLflow does not say which version of which registry it is, so that nothing here knows the
    hashes that were stored: `foursplit.load_model` and `foursplit serve` do, and check them.
    """
    folder = Path(path)
    stored.digests(folder)  # refuses pickles, links and whatever else does not belong
    return Answers(LoadedModel(folder, run(folder), str(folder)))


def run(folder: Path) -> Run:
    """Read off a version how it was trained: a server may stand outside the project."""
    told = stored.manifest(folder)
    return Run(
        accelerator="cpu" if told["device"] == "cpu" else "auto",
        threads=told["threads"],
        kernels=told["kernels"],
    )

"""Foursplit: experiments that say where the error comes from and what to try next.

From Python: `diagnose`, `compare` and `split` take data frames; `load_model` loads a registered
model.  docs/python.md shows each.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foursplit.api.compare import compare
    from foursplit.api.diagnose import diagnose
    from foursplit.api.diagnosis_result import DiagnosisResult
    from foursplit.api.split import split
    from foursplit.core.errors import FoursplitError
    from foursplit.tracking.registry.loaded_model import LoadedModel

__version__ = "0.1.0"

MODULES = {
    "DiagnosisResult": "foursplit.api.diagnosis_result",
    "FoursplitError": "foursplit.core.errors",
    "compare": "foursplit.api.compare",
    "diagnose": "foursplit.api.diagnose",
    "split": "foursplit.api.split",
}
"""The module of each public name; it is imported when the name is used."""

__all__ = ["DiagnosisResult", "FoursplitError", "compare", "diagnose", "load_model", "split"]


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module 'foursplit' has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_model(uri: str) -> "LoadedModel":
    """Load a registered model: `models:/<group>@champion`, or `models:/<group>/<version>`.

    Its `predict(x)` answers as the pipeline's tables were made; its `manifest` says how it came
    about.  Refuses what is not there (naming what is), and files that are not those stored.
    """
    from foursplit.tracking.registry.loaded_model import load

    return load(uri)

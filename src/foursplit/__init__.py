"""Foursplit: experiments that say where the error comes from and what to try next."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foursplit.tracking.registry.loaded_model import LoadedModel

__version__ = "0.1.0"


def load_model(uri: str) -> "LoadedModel":
    """Load a registered model: `models:/<group>@champion`, or `models:/<group>/<version>`.

    Its `predict(x)` answers as the pipeline's tables were made; its `manifest` says how it came
    about.  Refuses what is not there (naming what is), and files that are not those stored.
    """
    from foursplit.tracking.registry.loaded_model import load

    return load(uri)

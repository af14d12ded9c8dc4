"""A registered model that answers: `foursplit.load_model("models:/c4w2_digits@champion")`."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config.load import load as params
from foursplit.config.schema import Run
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.evaluation.predict import predictor
from foursplit.io import artifacts
from foursplit.tracking.registry import registry, version_files
from foursplit.tracking.registry.registry import StoredVersion
from foursplit.training import manifest as manifests
from foursplit.training.manifest import Manifest


class LoadedModel:
    """A version of the registry, with one predictor a seed.

    It answers with its first seed, the lowest number: each seed is a model that was judged, and
    their mean is another one that nobody judged.  Name a `seed` to ask another.
    """

    def __init__(
        self, folder: Path, run: Run, uri: str, version: StoredVersion | None = None
    ) -> None:
        self.uri = uri
        self.version = version  # None: a folder by itself, which no registry was asked about
        self._run = run
        self._folders = version_files.seeds_by_number(folder)
        self.seeds = tuple(self._folders)
        self._loaded: dict[int, tuple[Manifest, Any]] = {}
        self.manifest = self._of(self.seeds[0])[0]

    def predict(self, x: Any, seed: int | None = None) -> np.ndarray:
        """Answer examples (example, *inputs): what the task's tables are made from.

        Classes give (example, class) probabilities, in the order of `manifest.shape["classes"]`;
        quantities (example,) in the target's unit.
        """
        chosen = self.seeds[0] if seed is None else seed
        if chosen not in self._folders:
            raise FoursplitError(
                f"{self.uri}: no seed {seed}; it has {', '.join(map(str, self.seeds))}"
            )
        examples = self._examples(x)
        answers: np.ndarray = self._of(chosen)[1](examples)
        return answers

    def _examples(self, x: Any) -> Examples:
        try:
            # Row by row, as the splits' files are: of a table's columns another product is made,
            # which rounds otherwise.
            with np.errstate(over="ignore"):  # what overflows is refused below
                inputs = np.asarray(x, dtype=np.float32, order="C")
        except (TypeError, ValueError) as error:
            raise FoursplitError(f"{self.uri}: x: not an array of numbers ({error})") from error
        wanted = tuple(self.manifest.shape["inputs"])
        if inputs.ndim == 0 or inputs.shape[1:] != wanted or not len(inputs):
            sizes = ", ".join(map(str, wanted))
            raise FoursplitError(
                f"{self.uri}: x has the shape {inputs.shape}; it must be (n, {sizes}), one example "
                "at least"
            )
        self._require_finite(inputs, x)
        return Examples(x=inputs, rows=pd.DataFrame(index=range(len(inputs))))

    def _require_finite(self, inputs: np.ndarray, x: Any) -> None:
        """Refuse what is missing or not finite: a tree would answer it, and with certainty."""
        bad = ~np.isfinite(inputs)
        if not bad.any():
            return
        row, *place = map(int, np.argwhere(bad)[0])
        named = isinstance(x, pd.DataFrame)
        column = repr(str(x.columns[place[0]])) if named else str(tuple(place) or "itself")
        more = f" ({int(bad.sum()):,} such values)" if bad.sum() > 1 else ""
        raise FoursplitError(
            f"{self.uri}: x: row {row + 1}, column {column} is missing, infinite or too large for "
            f"float32{more}: leave the row out, or fill it as the source's read() does"
        )

    def _of(self, seed: int) -> tuple[Manifest, Any]:
        if seed not in self._loaded:
            require_same_code(self._folders[seed], self.uri, self.version)
            self._loaded[seed] = predictor(self._folders[seed], self._run)
        return self._loaded[seed]


def require_same_code(folder: Path, uri: str, version: StoredVersion | None = None) -> None:
    """Refuse weights whose architecture is another by now, and say where theirs is to be found."""
    told = artifacts.read_json(folder / manifests.NAME)
    file = plugins.file("models", told["model"])
    if not file.is_file() or manifests.code_hash(told["model"]) != told["code"]:
        tags = version.tags if version else {}
        commit = tags.get("foursplit.commit", "that it was trained at")
        raise FoursplitError(
            f"{uri}: the code of model {told['model']!r} has changed since it was trained: check "
            f"out the commit {commit}, or promote a winner trained since"
        )


def load(uri: str) -> LoadedModel:
    """Load `models:/<group>@<alias>` or `models:/<group>/<version>`, its files checked."""
    version = registry.load_version(*registry.parse_uri(uri))
    return LoadedModel(version.folder, params().run, version.uri, version)

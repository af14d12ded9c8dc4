"""A registered model for inference: `foursplit.load_model("models:/c4w2_digits@champion")`."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config.load import load as params
from foursplit.config.schema import RuntimeConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import Examples
from foursplit.data import texts
from foursplit.evaluation import raw_inputs, threshold
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts
from foursplit.tracking.registry import mlmodel, registry, version_files
from foursplit.tracking.registry.registry import StoredVersion
from foursplit.training import manifest as manifests
from foursplit.training.manifest import Manifest


class LoadedModel:
    """A version of the registry, with one predictor per seed.

    It predicts with its first seed, the lowest number: each seed is an evaluated model, and their
    mean is another model that was never evaluated.  Pass `seed` to use another.
    """

    def __init__(
        self, folder: Path, run: RuntimeConfig, uri: str, version: StoredVersion | None = None
    ) -> None:
        self.uri = uri
        self.version = version  # None: a folder outside of a registry
        self._run = run
        self._folders = version_files.seeds_by_number(folder)
        self.seeds = tuple(self._folders)
        self._loaded: dict[int, tuple[Manifest, Any]] = {}
        self.manifest = self._of(self.seeds[0])[0]
        by_seed = mlmodel.thresholds(folder)
        self.thresholds = {n: by_seed.get(path.name) for n, path in self._folders.items()}

    def predict(self, x: Any, seed: int | None = None) -> np.ndarray:
        """Predict for examples (example, *inputs), texts, or raw rows, as for prediction tables.

        A model of raw columns takes a table (or a list of dicts) with the columns of its file.

        Classifiers return (example, class) probabilities, in the order of
        `manifest.shape["classes"]`; regressors return (example,) in the target's unit; models of
        sequences return texts, and detectors the (box, 6) boxes of each picture.
        """
        chosen = self.seeds[0] if seed is None else seed
        if chosen not in self._folders:
            raise FoursplitError(
                f"{self.uri}: no seed {seed}; it has {', '.join(map(str, self.seeds))}"
            )
        is_raw = self.manifest.columns is not None
        examples = self._raw_examples(x, chosen) if is_raw else self._examples(x)
        answers: np.ndarray = self._of(chosen)[1](examples)
        return answers

    def answer(self, x: Any, seed: int | None = None) -> pd.DataFrame:
        """Return a row for each example: the class, its probabilities, and the frozen threshold.

        For classifiers; `predict` gives their probabilities alone.
        """
        classes = self.manifest.shape["classes"]
        proba = self.predict(x, seed)
        if not classes or proba.ndim != 2:
            raise FoursplitError(f"{self.uri}: task {self.manifest.task} has no classes to answer")
        frozen = self.thresholds[self.seeds[0] if seed is None else seed]
        return pd.DataFrame(threshold.answers(proba, classes, frozen))

    def _raw_examples(self, x: Any, seed: int) -> Examples:
        """Return raw rows as the splits store them; warn of categories that train did not have."""
        examples = raw_inputs.examples_of(x, self.manifest, f"{self.uri}: x")
        for note in raw_inputs.unknown_categories(examples, self._of(seed)[1], f"{self.uri}: x"):
            warnings.warn(note, UnknownCategoryWarning, stacklevel=3)
        return examples

    def _examples(self, x: Any) -> Examples:
        if "x" in self.manifest.shape.get("vocabularies", {}):
            return self._texts(x)
        try:
            # C order, as in the splits' files: with Fortran order the matrix product rounds
            # differently.
            with np.errstate(over="ignore"):  # overflow is checked below
                inputs = np.asarray(x, dtype=np.float32, order="C")
        except (TypeError, ValueError) as error:
            raise FoursplitError(f"{self.uri}: x: not an array of numbers ({error})") from error
        expected = tuple(self.manifest.shape["inputs"])
        if inputs.ndim == 0 or inputs.shape[1:] != expected or not len(inputs):
            sizes = ", ".join(map(str, expected))
            raise FoursplitError(
                f"{self.uri}: x has the shape {inputs.shape}; it must be (n, {sizes}) with n "
                "at least 1"
            )
        self._require_finite(inputs, x)
        return Examples(x=inputs, metadata=pd.DataFrame(index=range(len(inputs))))

    def _texts(self, x: Any) -> Examples:
        """Return texts as the splits store them; a table has them in its only column."""
        column = x.iloc[:, 0] if isinstance(x, pd.DataFrame) and x.shape[1] == 1 else x
        is_list = np.iterable(column) and not isinstance(column, str | bytes)
        lines: list[Any] = list(column) if is_list else []
        if not lines:
            raise FoursplitError(
                f"{self.uri}: x: {x!r:.60} is no list of texts, such as ['first', 'second']"
            )
        for row, line in enumerate(lines, start=1):
            if not isinstance(line, str) or not line:
                raise FoursplitError(f"{self.uri}: x: row {row}: {line!r} is no text")
        return Examples(x=texts.from_texts(lines), metadata=pd.DataFrame(index=range(len(lines))))

    def _require_finite(self, inputs: np.ndarray, x: Any) -> None:
        """Raise for values that are missing or not finite: a tree would predict with certainty."""
        bad = ~np.isfinite(inputs)
        if not bad.any():
            return
        row, *position = map(int, np.argwhere(bad)[0])
        is_table = isinstance(x, pd.DataFrame)
        column = repr(str(x.columns[position[0]])) if is_table else str(tuple(position) or "itself")
        more = f" ({int(bad.sum()):,} such values)" if bad.sum() > 1 else ""
        raise FoursplitError(
            f"{self.uri}: x: row {row + 1}, column {column} is missing, infinite or too large for "
            f"float32{more}. Drop the row, or fill it as the dataset's read() does"
        )

    def _of(self, seed: int) -> tuple[Manifest, Any]:
        if seed not in self._loaded:
            require_same_code(self._folders[seed], self.uri, self.version)
            self._loaded[seed] = load_predictor(self._folders[seed], self._run)
        return self._loaded[seed]


class UnknownCategoryWarning(UserWarning):
    """Warns of categories that a model never saw; it answers as for rare ones."""


def require_same_code(folder: Path, uri: str, version: StoredVersion | None = None) -> None:
    """Raise if the model's code has changed since its training, and name the commit to use."""
    manifest = artifacts.read_json(folder / manifests.NAME)
    file = plugins.file("models", manifest["model"])
    if not file.is_file() or manifests.code_hash(manifest["model"]) != manifest["code"]:
        tags = version.tags if version else {}
        commit = tags.get("foursplit.commit", "that it was trained at")
        raise FoursplitError(
            f"{uri}: the code of model {manifest['model']!r} has changed since its training. Check "
            f"out commit {commit}, or promote a winner trained later"
        )


def load(uri: str) -> LoadedModel:
    """Load `models:/<group>@<alias>` or `models:/<group>/<version>`, and verify its files."""
    version = registry.load_version(*registry.parse_uri(uri))
    return LoadedModel(version.folder, params().run, version.uri, version)

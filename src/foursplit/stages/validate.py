"""Stage validate: stop the pipeline where the data is not what the dataset says it is."""

from typing import Any

import numpy as np
import pandas as pd

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.data import store, to_examples
from foursplit.data.profile_expectations import profile_failures, run_profile
from foursplit.data.run_expectations import entries, failure_messages, run_expectations
from foursplit.data.validation_page import render_page
from foursplit.data.verify_checksums import check
from foursplit.io import artifacts


def run(name: str) -> str:
    """Write `data/valid/<name>` from the raw files, and `data/validation/<name>` in any case."""
    rule = load().dataset(name).split  # an unknown name is refused here
    module = plugins.dataset(name)
    check(module.SPEC, paths.raw(name))
    read = module.read(paths.raw(name))
    table = to_examples.checked_table(read)
    result = run_expectations(table.reset_index(drop=True), module.suite(), name, _positions(table))
    _write(name, module.SPEC, result)
    _require_met(name, result, failure_messages(result))
    if hasattr(module, "profile_suite"):
        unchecked = to_examples.convert(read, module.SPEC)
        found = run_profile(unchecked, module.SPEC, rule, module.profile_suite, name)
        result = {**result, "profile": found, "success": found["success"]}
        _write(name, module.SPEC, result)
        _require_met(name, result, profile_failures(found))
    examples = to_examples.to_examples(read, module.SPEC)
    with artifacts.atomic_directory(paths.valid(name)) as folder:
        store.save(folder, "examples", examples)
    return f"{len(examples):,} examples met {len(entries(result))} expectations"


def _positions(table: pd.DataFrame) -> np.ndarray | None:
    """Return the rows' numbers in the file from 0, where read() leaves some out."""
    is_number = pd.api.types.is_integer_dtype(table.index) and table.index.is_unique
    return table.index.to_numpy() if is_number else None


def _write(name: str, dataset: DatasetSpec, result: dict[str, Any]) -> None:
    """Write the result and its page before the verdict: they are needed most when it failed."""
    with artifacts.atomic_directory(paths.validation(name)) as folder:
        artifacts.write_json(folder / "result.json", result)
        artifacts.write_text(folder / "index.html", render_page(dataset, result))


def _require_met(name: str, result: dict[str, Any], failures: list[str]) -> None:
    if not result["success"]:
        raise FoursplitError(
            f"dataset {name!r}: {len(failures)} of {len(entries(result))} expectations failed:\n"
            + "\n".join(f"  - {line}" for line in failures)
            + f"\nThe page: {paths.validation(name) / 'index.html'}"
        )

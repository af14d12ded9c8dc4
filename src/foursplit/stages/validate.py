"""Stage validate: stop the pipeline where the data is not what the dataset says it is."""

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.data import store, to_examples
from foursplit.data.run_expectations import failure_messages, run_expectations
from foursplit.data.validation_page import render_page
from foursplit.data.verify_checksums import check
from foursplit.io import artifacts


def run(name: str) -> str:
    """Write `data/valid/<name>` from the raw files, and `data/validation/<name>` in any case."""
    load().dataset(name)  # an unknown name is refused here
    module = plugins.dataset(name)
    check(module.SPEC, paths.raw(name))
    read = module.read(paths.raw(name))
    result = run_expectations(to_examples.checked_table(read), module.suite(), name)
    # Written before the verdict: it is needed most when it failed.
    with artifacts.atomic_directory(paths.validation(name)) as folder:
        artifacts.write_json(folder / "result.json", result)
        artifacts.write_text(folder / "index.html", render_page(module.SPEC, result))
    if not result["success"]:
        found = failure_messages(result)
        raise FoursplitError(
            f"dataset {name!r}: {len(found)} of {len(result['expectations'])} expectations "
            "failed:\n"
            + "\n".join(f"  - {line}" for line in found)
            + f"\nThe page: {paths.validation(name) / 'index.html'}"
        )
    examples = to_examples.to_examples(read, module.SPEC)
    with artifacts.atomic_directory(paths.valid(name)) as folder:
        store.save(folder, "examples", examples)
    return f"{len(examples):,} examples met {len(result['expectations'])} expectations"

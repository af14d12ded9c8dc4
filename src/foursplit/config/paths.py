"""Where everything lies, relative to the project's root."""

from pathlib import Path

from foursplit.config import pipelines
from foursplit.config.pipelines import Pipeline
from foursplit.core.project import root as root


def params_file() -> Path:
    return root() / "params.yaml"


def data(of: Pipeline = "") -> Path:
    """Return the folder that a pipeline's stages write to."""
    return root() / "data" / of


def _of_dataset(name: str) -> Path:
    return data(pipelines.of_dataset(params_file(), name))


def _of_group(name: str) -> Path:
    return data(pipelines.of_group(params_file(), name))


def code() -> Path:
    """Return the folder of the code's digests: `<kind>/<name>.json`."""
    return data() / "code"


def raw(dataset: str) -> Path:
    """Return the folder that `fetch` fills: bytes as published."""
    return _of_dataset(dataset) / "raw" / dataset


def weights(name: str) -> Path:
    """Return the folder of published weights: `model.safetensors` and `origin.json`."""
    return data() / "weights" / name


def weights_file(name: str) -> Path:
    return weights(name) / "model.safetensors"


def valid(dataset: str) -> Path:
    """Return the folder of the examples that met every expectation."""
    return _of_dataset(dataset) / "valid" / dataset


def validation(dataset: str) -> Path:
    """Return the folder of the validation's result, JSON and page."""
    return _of_dataset(dataset) / "validation" / dataset


def split(dataset: str) -> Path:
    """Return the folder of `seen/` (train, train_dev, dev), `sealed/` (test) and `report.json`."""
    return _of_dataset(dataset) / "split" / dataset


def models(group: str, key: str) -> Path:
    """Return the folder of an experiment's models, a `seed_<n>` folder each."""
    return _of_group(group) / "models" / group / key


def predictions(group: str) -> Path:
    """Return the folder of a comparison group's tables: `<key>/seed_<n>/<split>.parquet`."""
    return _of_group(group) / "predictions" / group


def selected(group: str) -> Path:
    return _of_group(group) / "selected" / f"{group}.json"


def curves(group: str) -> Path:
    """Return the folder of a comparison group's learning curves: `<key>.csv` and `<key>.json`."""
    return _of_group(group) / "curves" / group


def lesson(key: str) -> Path:
    """Return the file of what a lesson shows."""
    return data(pipelines.of_lesson(params_file(), key)) / "lessons" / f"{key}.json"


def lesson_page(key: str) -> Path:
    """Return the page of a lesson."""
    return reports(pipelines.of_lesson(params_file(), key)) / "lessons" / f"{key}.html"


def final(group: str) -> Path:
    """Return the folder of the winner's four tables, a `seed_<n>` folder each."""
    return _of_group(group) / "final" / group


def diagnosis(folder: Path) -> Path:
    """Name what the engine says of the tables in `folder`, all seeds together."""
    return folder / "diagnosis.json"


def tags(dataset: str) -> Path:
    """Return the annotation sheet of a dataset's dev examples, which git tracks."""
    return root() / "data" / "tags" / f"{dataset}.csv"


def reports(of: Pipeline = "") -> Path:
    return root() / "reports" / of


def metrics(of: Pipeline = "") -> Path:
    """Return the file with what a pipeline's report measured; git keeps it."""
    return root() / (f"metrics.{of}.json" if of else "metrics.json")


def pipeline_file(home: str) -> Path:
    """Return the dvc.yaml of a course or of the data; `home` is its folder below pipelines/."""
    return root() / "pipelines" / home / "dvc.yaml"


def locks() -> list[Path]:
    """List DVC's lock files."""
    return [root() / "dvc.lock", *sorted((root() / "pipelines").glob("**/dvc.lock"))]


def state() -> Path:
    """Return the folder of what lies outside the graph: resume state, looks at test, locks."""
    return root() / ".foursplit"


def curve_seconds(key: str) -> Path:
    """Return the file with the seconds that each model of a learning curve took to train."""
    return state() / "learn" / f"{key}.csv"


def seed_folder(parent: Path, seed: int) -> Path:
    return parent / f"seed_{seed}"

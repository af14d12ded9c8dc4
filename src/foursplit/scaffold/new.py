"""Create a dataset, model or learning curve: its Python file and its block in params.yaml."""

import keyword
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.load import load
from foursplit.config.names import check_name
from foursplit.config.preprocess import PreprocessConfig
from foursplit.config.schema import Params
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import artifacts, tabular
from foursplit.scaffold import dataset_file, infer_schema, insert_yaml, occupied_paths

COURSE = "own"
DEFAULT = PreprocessConfig()
EMPTY_SHEET = "example_id,tags,label_audit,comment\n"  # nothing is annotated yet
TEMPLATES = Path(__file__).parent / "templates"


def new_dataset(
    name: str, csv: Path, target: str, wishes: infer_schema.Wishes | None = None
) -> None:
    """Write `datasets/<name>.py` for a CSV file, with a linear model to compare others with."""
    params = load()
    taken = [*plugins.names("datasets"), *params.datasets, *params.full.datasets]
    path = _new_file(name, "datasets", taken)
    frame = tabular.read_frame(csv)
    if frame.empty:
        raise FoursplitError(f"{csv}: has no rows")
    csv_path = _project_path(csv)
    schema = infer_schema.infer_schema(frame, target, str(csv), wishes)
    task = schema.target.task
    text = dataset_file.render(name, schema, csv_path)
    block = infer_schema.baseline_experiment(task, schema.preprocess)
    occupied_paths.require_free_for_source(name, csv_path)
    artifacts.write_text(path, text)
    if not paths.tags(name).exists():
        paths.tags(name).parent.mkdir(parents=True, exist_ok=True)
        artifacts.write_text(paths.tags(name), EMPTY_SHEET)
    _add(
        {
            "datasets": {name: infer_schema.dataset_block(csv_path, by_time=bool(schema.time))},
            f"groups.{COURSE}": {name: {"dataset": name, "task": task, "metric": "error"}},
            f"experiments.{COURSE}": {
                f"{name}_linear": {
                    "week": "own",
                    "dataset": name,
                    "task": task,
                    **block,
                    "group": name,
                }
            },
        }
    )
    for message in dataset_file.describe_schema(schema):
        click.echo(message)
    _print_next_step(path, f"{name}_linear")


def new_model(name: str, group: str | None) -> None:
    """Write `models/<name>.py` and an experiment that compares it in `group`."""
    params = load()
    sections = params.sections().values()
    groups = {g: b for s in sections for blocks in s.groups.values() for g, b in blocks.items()}
    group = group or next(iter(params.groups.get(COURSE, {})), None) or "c4w2_digits"
    if group not in groups:
        raise unknown_name("group", group, groups)
    taken = plugins.names("models")
    path = _new_file(name, "models", taken)
    key = f"{group}_{name}"
    if key in {k for s in sections for block in s.experiments.values() for k in block}:
        raise FoursplitError(f"experiment {key!r} is already in params.yaml")
    occupied_paths.require_free_for_model(group, key)
    task = groups[group].task
    n_outputs = "shape.n_classes" if task == "classify" else "1"
    text = (TEMPLATES / "model.txt").read_text()
    artifacts.write_text(
        path, text.format(title=name.replace("_", " ").capitalize(), n_outputs=n_outputs)
    )
    of = pipelines.of_group(paths.params_file(), group)
    course = params.home(group).rpartition("/")[2]
    block = {
        "week": "own",
        "dataset": groups[group].dataset,
        "task": task,
        "model": name,
        "model_args": {"hidden": 32},
        "fit": {
            "learning_rate": 0.003,
            "batch_size": 64,
            "max_epochs": 60,
            "seeds": [1],
            **_preprocess_of(params, group),
        },
        "group": group,
    }
    _add({pipelines.key(of, f"experiments.{course}"): {key: block}})
    _print_next_step(path, key)


def _preprocess_of(params: Params, group: str) -> dict[str, Any]:
    """Return the preprocessing of the group's first experiment that has its own."""
    for key in params.members(group):
        config = params.experiment(key).fit.preprocess
        if config is not None:
            changed = {n: v for n, v in asdict(config).items() if v != getattr(DEFAULT, n)}
            return {"preprocess": changed} if changed else {}
    return {}


def new_curve(key: str) -> None:
    """Add the learning curve of an experiment to params.yaml."""
    params = load()
    experiment, course = params.experiment(key), params.home(key)
    if course not in params.experiments:
        raise FoursplitError(
            f"{key} is trained on remote data, whose pipeline has no stage `learning_curve`"
        )
    if key in params.curves.get(course, {}):
        raise FoursplitError(f"curves.{course}.{key} is already in params.yaml")
    occupied_paths.require_free_for_learning_curve(experiment.group, key)
    names = {name: getattr(experiment, name) for name in ("group", "dataset", "task", "model")}
    settings = {"n_sizes": 5, "n_repeats": 3, "min_fraction": 0.1}
    _add({f"curves.{course}": {key: {**names, **settings}}})
    click.echo(f"added curves.{course}.{key} to params.yaml")
    click.echo(
        f"Next: `foursplit repro learning_curve@{key}`, then `foursplit learning-curve {key}`."
    )


def _new_file(name: str, kind: plugins.Kind, taken: list[str]) -> Path:
    check_name(name)
    if name in taken:
        raise FoursplitError(f"name {name!r} is taken. Existing {kind}: {', '.join(sorted(taken))}")
    if keyword.iskeyword(name):
        raise FoursplitError(f"name {name!r} is a Python keyword. Choose another, such as {name}_1")
    path = plugins.own_folder(kind) / f"{name}.py"
    if path.exists():
        raise FoursplitError(f"{path} exists already. Choose another name")
    return path


def _project_path(csv: Path) -> str:
    """Return the file's path from the project's root; raise if it is outside the project."""
    if any(unicodedata.category(c).startswith("C") for c in csv.name):
        raise FoursplitError(
            f"{csv}: the name contains a control character, such as a line break: rename it"
        )
    try:
        return str(csv.resolve().relative_to(paths.root()))
    except ValueError as error:
        raise FoursplitError(
            f"{csv} is outside the project. Copy it to data/own/, and `git add` or `dvc add` it, "
            "so that every clone has it"
        ) from error


def _add(blocks: Mapping[str, Mapping[str, Any]]) -> None:
    """Add entries to params.yaml; keep every other line byte for byte."""
    path = paths.params_file()
    text = path.read_bytes().decode("utf-8")
    for key_path, entries in blocks.items():
        text = insert_yaml.insert(text, key_path, entries)
    artifacts.write_text(path, text)


def _print_next_step(path: Path, key: str) -> None:
    click.echo(f"wrote {path.relative_to(paths.root())}")
    click.echo(f"added {key} to params.yaml")
    click.echo(
        f"Next: check both, then `foursplit repro`; `foursplit stage train {key}` only trains it."
    )

"""Write a small working source or model, and its block in params.yaml: two files touched each."""

import keyword
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from foursplit import plugins
from foursplit.config import paths, pipelines
from foursplit.config.load import load
from foursplit.config.names import check_name
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import artifacts, tabular
from foursplit.scaffold import dataset_file, infer_schema, occupied_paths

COURSE = "own"
EMPTY_SHEET = "example_id,tags,label_audit,comment\n"  # nobody has read anything yet
TEMPLATES = Path(__file__).parent / "templates"


def new_source(name: str, csv: Path, target: str) -> None:
    """Write `datasets/<name>.py` for a CSV file, with a linear model to compare others with."""
    params = load()
    taken = [*plugins.names("datasets"), *params.sources, *params.real.sources]
    path = _fresh(name, "datasets", taken)
    frame = tabular.read_frame(csv)
    if frame.empty:
        raise FoursplitError(f"{csv}: has no rows")
    if target not in frame.columns:
        raise unknown_name("column", target, map(str, frame.columns), str(csv))
    inside = _inside(csv)
    found = infer_schema.columns(frame, target, str(csv))
    task = infer_schema.task(found)
    text = dataset_file.text(name, found, inside)
    block = infer_schema.experiment(task)
    occupied_paths.for_source(name, inside)
    artifacts.write_text(path, text)
    if not paths.tags(name).exists():
        paths.tags(name).parent.mkdir(parents=True, exist_ok=True)
        artifacts.write_text(paths.tags(name), EMPTY_SHEET)
    _add(
        {
            "sources": {name: infer_schema.source_block(inside)},
            f"groups.{COURSE}": {name: {"source": name, "task": task, "metric": "error"}},
            f"experiments.{COURSE}": {
                f"{name}_linear": {
                    "lesson": "own",
                    "source": name,
                    "task": task,
                    **block,
                    "group": name,
                }
            },
        }
    )
    for remark in dataset_file.remarks(found, len(frame)):
        click.echo(remark)
    _say(path, f"{name}_linear")


def new_model(name: str, group: str | None) -> None:
    """Write `models/<name>.py` and an experiment that compares it in `group`."""
    params = load()
    sections = params.sections().values()
    groups = {g: b for s in sections for blocks in s.groups.values() for g, b in blocks.items()}
    group = group or next(iter(params.groups.get(COURSE, {})), None) or "c4w2_digits"
    if group not in groups:
        raise unknown_name("group", group, groups)
    taken = plugins.names("models")
    path = _fresh(name, "models", taken)
    key = f"{group}_{name}"
    if key in {k for s in sections for block in s.experiments.values() for k in block}:
        raise FoursplitError(f"experiment {key!r} is already in params.yaml")
    occupied_paths.for_model(group, key)
    task = groups[group].task
    n_outputs = "shape.n_classes" if task == "classify" else "1"
    text = (TEMPLATES / "model.txt").read_text()
    artifacts.write_text(
        path, text.format(title=name.replace("_", " ").capitalize(), n_outputs=n_outputs)
    )
    of = pipelines.of_group(paths.params_file(), group)
    course = params.home(group).rpartition("/")[2]
    block = {
        "lesson": "own",
        "source": groups[group].source,
        "task": task,
        "model": name,
        "model_args": {"hidden": 32},
        "fit": {"learning_rate": 0.003, "batch_size": 64, "max_epochs": 60, "seeds": [1]},
        "group": group,
    }
    _add({pipelines.key(of, f"experiments.{course}"): {key: block}})
    _say(path, key)


def new_curve(key: str) -> None:
    """Ask in params.yaml for the learning curve of an experiment."""
    params = load()
    experiment, course = params.experiment(key), params.home(key)
    if course not in params.experiments:
        raise FoursplitError(f"{key}: is trained on remote data; its pipeline has no stage `learn`")
    if key in params.curves.get(course, {}):
        raise FoursplitError(f"curves.{course}.{key} is already in params.yaml")
    occupied_paths.for_curve(experiment.group, key)
    names = {name: getattr(experiment, name) for name in ("group", "source", "task", "model")}
    settings = {"sizes": 5, "repeats": 3, "smallest": 0.1}
    _add({f"curves.{course}": {key: {**names, **settings}}})
    click.echo(f"added curves.{course}.{key} to params.yaml")
    click.echo(f"Next: `foursplit repro learn@{key}`, then `foursplit curve {key}`.")


def _fresh(name: str, kind: plugins.Kind, taken: list[str]) -> Path:
    check_name(name)
    if name in taken:
        raise FoursplitError(
            f"name {name!r} is taken; {kind} there are: {', '.join(sorted(taken))}"
        )
    if keyword.iskeyword(name):
        raise FoursplitError(
            f"name {name!r} is a word of Python's own; choose another, such as {name}_1"
        )
    path = plugins.own_folder(kind) / f"{name}.py"
    if path.exists():
        raise FoursplitError(f"{path}: exists already; choose another name")
    return path


def _inside(csv: Path) -> str:
    """Give the file's path from the root; it must lie in the project, so that clones have it."""
    if any(unicodedata.category(c).startswith("C") for c in csv.name):
        raise FoursplitError(
            f"{csv}: its name has a line break or another control character: rename it"
        )
    try:
        return str(csv.resolve().relative_to(paths.root()))
    except ValueError as error:
        raise FoursplitError(
            f"{csv}: lies outside the project; copy it to data/own/ first, and `git add` or "
            "`dvc add` it, so that every clone has it"
        ) from error


def _add(blocks: Mapping[str, Mapping[str, Any]]) -> None:
    """Add entries to params.yaml, leaving every other line as it is."""
    yaml = YAML()
    yaml.width, yaml.preserve_quotes = 4096, True
    path = paths.params_file()
    tree = yaml.load(path.read_text())
    for place, entries in blocks.items():
        block = tree
        for part_name in place.split("."):
            block = block.setdefault(part_name, {})
            if hasattr(block, "fa"):
                block.fa.set_block_style()  # an empty block is written {}, a filled one is not
        block.update(entries)
    with artifacts.replacing(path) as part, part.open("w") as file:
        yaml.dump(tree, file)


def _say(path: Path, key: str) -> None:
    click.echo(f"wrote {path.relative_to(paths.root())}")
    click.echo(f"added {key} to params.yaml")
    click.echo(
        f"Next: read both, then `foursplit repro`; `foursplit stage train {key}` trains it alone."
    )

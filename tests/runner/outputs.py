"""A project with an output wherever one may lie, each in a lock file and in DVC's cache."""

import json
import os
import shutil
from pathlib import Path

from tests.reporting.miniature import PARAMS

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.io import artifacts
from foursplit.runner import stage_outputs
from foursplit.runner.dvc_adapter.cache import file_md5, folder_md5
from foursplit.runner.removable_outputs import list_files


def make(root, params=PARAMS):
    """Write params.yaml, and all outputs that it asks for as if they had been committed."""
    parameters(root, params)
    places = stage_outputs.all_output_paths(load())
    for place in places:
        fill(place, place.name)
        commit(place)
    return places


def parameters(root, params=PARAMS):
    """Write what makes a folder a project."""
    root.mkdir(exist_ok=True)
    (root / "params.yaml").write_text(json.dumps(params), encoding="utf-8")
    (root / "dvc.yaml").write_text("stages: {report: {deps: [data/final, data/models]}}\n")
    paths.root.cache_clear()


def fill(place, text):
    """Write an output in the way stages do."""
    if place.suffix:
        artifacts.write_text(place, text)
        return
    with artifacts.atomic_directory(place) as part:
        (part / "seed_1").mkdir()
        (part / "seed_1" / "table.csv").write_text(text)
        (part / "diagnosis.json").write_text(json.dumps(text))


def commit(place, lock="pipelines/all/dvc.lock"):
    """Put an output into the cache and into a lock file; give its hash."""
    root, listing = paths.root(), {}
    for name, leaf in list_files(place).items():
        listing[name] = file_md5(leaf)
        _object(listing[name], leaf.read_bytes())
    md5 = listing.get("")
    if md5 is None:
        md5 = folder_md5(listing)
        entries = [{"md5": md5, "relpath": name} for name, md5 in sorted(listing.items())]
        _object(md5, json.dumps(entries, sort_keys=True).encode())
    path = root / lock
    name = place.relative_to(root).as_posix()
    text = path.read_text() if path.exists() else "schema: '2.0'\nstages:\n"
    if f"path: {name}\n" not in text:
        text += f"  {name}:\n    outs:\n    - path: {name}\n      hash: md5\n      md5: {md5}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return md5


def _object(md5, content):
    path = paths.root() / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def tree(folder: Path, but: tuple[str, ...] = ()):
    """Give all that lies below a folder: contents of files, and where links lead."""
    found = {}
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in but]
        for name in [*folders, *files]:
            path = Path(at) / name
            if path.is_symlink():
                found[str(path.relative_to(folder))] = ("link", path.readlink())
            elif path.is_file():
                found[str(path.relative_to(folder))] = ("file", path.read_bytes())
    return found


def empty(root):
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

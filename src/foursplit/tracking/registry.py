"""MLflow's model registry: a registered model a comparison group, a version each stored winner.

A version holds, for each seed, weights, manifest and the tables of dev and test; its tags say with
which sha256.  Aliases name the `challenger` (stored last) and the `champion` (promoted).  An alias
moves only after everything it leads to is stored: whoever is killed before leaves the old one.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foursplit.core import artifacts, paths
from foursplit.core.errors import Refusal, unknown
from foursplit.tracking import store, stored, succession, writers

Say = Callable[[str], None]

CHAMPION, CHALLENGER = "champion", "challenger"

EXPERIMENT = "registry"

NOTE = "What `foursplit gate` stored: a run a version, with weights, manifest, dev and test tables."

FOLDER = "model"  # of a run's artifacts

IDENTITY, FILES = "foursplit.identity", "foursplit.files"

SCHEME = "models:/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A stored winner; `folder` has a `seed_<n>` folder a seed, checked byte for byte."""

    group: str
    number: int
    folder: Path
    tags: Mapping[str, str]

    @property
    def uri(self) -> str:
        return f"{SCHEME}{self.group}/{self.number}"


def register(group: str, models: Path, tables: Path, tags: Mapping[str, str], say: Say) -> Version:
    """Store a winner as challenger: weights from `models`, dev and test from `tables`.

    Both have a `seed_<n>` folder a seed.  The same files again are the same version.
    """
    with tempfile.TemporaryDirectory(prefix="foursplit-gate-") as name:
        folder = Path(name)
        _gather(folder, models, tables)
        files = stored.digests(folder)
        client = store.client()
        with store.alone(say):
            _require_model(client, group)
            found = _intact(client, group, files)
            number = found or _store(client, group, folder, files, tags)
            if found is None:
                number = _only(client, group, files, number)
            store.again(client.set_registered_model_alias, group, CHALLENGER, str(number))
    return _version(client, client.get_model_version(group, str(number)))


def _gather(folder: Path, models: Path, tables: Path) -> None:
    for seed in sorted(path for path in tables.glob("seed_*") if path.is_dir()):
        trained, to = models / seed.name, folder / seed.name
        to.mkdir()
        names = ["manifest.json", *(w for w in stored.WEIGHTS if (trained / w).is_file())]
        for path in [*(trained / n for n in names), *(seed / n for n in stored.TABLES)]:
            if not path.is_file():
                raise Refusal(f"{path}: no such file; `foursplit repro` makes it")
            shutil.copyfile(path, to / path.name)


def _require_model(client: Any, group: str) -> None:
    """Create the registered model where it is missing."""
    if group not in _names(client):
        told = f"Winners of the comparison group `{group}`; see docs/gate.md."
        store.once(client.create_registered_model, group, description=told)


def _names(client: Any) -> list[str]:
    names: list[str] = []
    token = None
    while True:
        page = client.search_registered_models(page_token=token)
        names += [model.name for model in page]
        token = page.token
        if not token:
            return names


def _versions(client: Any, group: str) -> list[Any]:
    found = client.search_model_versions(f"name='{group}'")
    return sorted(found, key=lambda version: int(version.version))


def _intact(client: Any, group: str, files: Mapping[str, str]) -> int | None:
    """Find the version that holds these very files; one whose files were harmed is none."""
    identity = artifacts.fingerprint(files)
    for version in _versions(client, group):
        if version.tags.get(IDENTITY) == identity:
            try:
                _version(client, version)
            except Refusal:
                continue
            return int(version.version)
    return None


def _store(
    client: Any, group: str, folder: Path, files: Mapping[str, str], tags: Mapping[str, str]
) -> int:
    """Write the files, then the version that speaks of them."""
    identity = artifacts.fingerprint(files)
    where = store.experiment(client, EXPERIMENT, NOTE)
    _clear(client, where, group, identity)
    mine = {IDENTITY: identity, "foursplit.group": group, **writers.tags()}
    run = client.create_run(where, tags=mine, run_name=f"{group} {identity[:8]}")
    client.log_artifacts(run.info.run_id, str(folder), FOLDER)
    client.set_terminated(run.info.run_id, "FINISHED")
    made = client.create_model_version(
        group,
        _source(run),
        run.info.run_id,
        tags={**tags, IDENTITY: identity, FILES: json.dumps(dict(files), sort_keys=True)},
    )
    return int(made.version)


def _clear(client: Any, where: str, group: str, identity: str) -> None:
    """Delete what was half stored when we were killed: runs that no version came of."""
    found = client.search_runs([where], f"tags.`{IDENTITY}` = '{identity}'")
    used = {version.run_id for version in _versions(client, group)}
    for run in found:
        of_group = run.data.tags.get("foursplit.group") == group
        if run.info.run_id not in used and of_group and writers.is_left(run):
            client.delete_run(run.info.run_id)


def _only(client: Any, group: str, files: Mapping[str, str], made: int) -> int:
    """Withdraw a version that another machine has stored too meanwhile; the lowest number stays."""
    if store.database() is not None:
        return made  # its lock has kept all others out
    first = _intact(client, group, files)
    if first is None or first >= made:
        return made
    run_id = client.get_model_version(group, str(made)).run_id
    client.delete_model_version(group, str(made))
    client.delete_run(run_id)
    return first


def _source(run: Any) -> str:
    return f"{run.info.artifact_uri}/{FOLDER}"


def champion(group: str) -> Version | None:
    """Give the champion; None where a group has none yet."""
    number = champion_number(group)
    return None if number is None else find(group, str(number))


def champion_number(group: str) -> int | None:
    """Name the champion's version without reading its files."""
    client = store.client()
    if group not in _names(client):
        return None
    return _aliases(client, group).get(CHAMPION)


def _aliases(client: Any, group: str) -> dict[str, int]:
    found = client.get_registered_model(group).aliases
    return {name: int(number) for name, number in found.items()}


def find(group: str, which: str) -> Version:
    """Give a version by number or alias; what is not there is refused with what is."""
    path = store.database()
    if path is not None and not path.is_file():
        raise Refusal(f"{path}: no such file; `foursplit gate GROUP` stores a group's winner")
    client = store.client()
    names = _names(client)
    if group not in names:
        raise unknown("registered model", group, names, store.shown())
    aliases = _aliases(client, group)
    versions = {str(version.version): version for version in _versions(client, group)}
    number = str(aliases.get(which, which))
    if number not in versions:
        raise unknown("alias or version", which, [*aliases, *versions], f"{SCHEME}{group}")
    return _version(client, versions[number])


def parsed(uri: str) -> tuple[str, str]:
    """Read `models:/<group>@<alias>` or `models:/<group>/<version>`."""
    group, mark, which = uri.removeprefix(SCHEME).partition("@")
    if not mark:
        group, mark, which = group.partition("/")
    if not uri.startswith(SCHEME) or not all((group, mark, which)) or "/" in group + which:
        raise Refusal(
            f"{uri!r} names no registered model; write models:/<group>@<alias> or "
            "models:/<group>/<version>, such as models:/c4w2_digits@champion"
        )
    return group, which


def _version(client: Any, found: Any) -> Version:
    """Check where a version's files lie, and that they are those stored."""
    at = f"{SCHEME}{found.name}/{found.version}"
    tags = dict(found.tags)
    if FILES not in tags or not found.run_id:
        raise Refusal(f"{at}: not stored by `foursplit gate`, so nothing says what it must hold")
    run = client.get_run(found.run_id)
    if found.source != _source(run):
        raise _outside(found.source, at)
    folder = _local(found.source, at) or _fetched(client, found)
    stored.require(folder, json.loads(tags[FILES]))
    return Version(group=found.name, number=int(found.version), folder=folder, tags=tags)


def _outside(source: str, at: str) -> Refusal:
    return Refusal(f"{at}: its source {source} lies outside the store; refused")


def _local(source: str, at: str) -> Path | None:
    """Give the folder of a source in the project's own store; None where a server has it."""
    from mlflow.utils.file_utils import local_file_uri_to_path

    root = store.artifacts()
    if root is None:
        return None
    folder = Path(local_file_uri_to_path(source))
    if not folder.resolve().is_relative_to(root.resolve()):  # links followed
        raise _outside(source, at)
    return folder


def _fetched(client: Any, found: Any) -> Path:
    """Copy a version's files from a server, whole or not at all."""
    target = paths.state() / "registry" / found.name / str(found.version)
    with artifacts.replacing_folder(target) as part:
        client.download_artifacts(found.run_id, FOLDER, str(part))
    return target / FOLDER


def mark(version: Version, tags: Mapping[str, str]) -> None:
    """Write what was decided of a version beside it."""
    client = store.client()
    for name, value in tags.items():
        store.again(client.set_model_version_tag, version.group, str(version.number), name, value)


def promote(version: Version, judged_against: int | None, say: Say) -> None:
    """Make a version the champion, unless another was made it since it was judged."""
    client = store.client()
    with store.alone(say), succession.alone(client, version.group):
        now = _aliases(client, version.group).get(CHAMPION)
        if now not in (judged_against, version.number):
            raise Refusal(
                f"{version.group}: version {now} was made champion while version {version.number} "
                f"was judged against {judged_against or 'none'}; run `foursplit gate` again"
            )
        store.again(client.set_registered_model_alias, version.group, CHAMPION, str(version.number))

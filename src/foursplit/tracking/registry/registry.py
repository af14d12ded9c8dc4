"""MLflow's model registry: a registered model a comparison group, a version each stored winner.

A version holds, for each seed, weights, manifest and the tables of dev and test, and beside them
the `MLmodel` by which plain MLflow asks it; its tags say with which sha256.  Aliases name the
`challenger` (stored last) and the `champion` (promoted).  An alias moves only after everything it
leads to is stored: whoever is killed before leaves the old one.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.io import artifacts
from foursplit.io.seed_folders import seed_folders
from foursplit.tracking import store
from foursplit.tracking.registry import artifact_location, mlmodel, promotion_lock, version_files
from foursplit.tracking.runs import ownership

Echo = Callable[[str], None]

CHAMPION, CHALLENGER = "champion", "challenger"

EXPERIMENT = "registry"

NOTE = "What `foursplit gate` stored: a run a version, with weights, manifest, dev and test tables."

FOLDER = "model"  # of a run's artifacts

IDENTITY, FILES = "foursplit.identity", "foursplit.files"

VERDICT, AGAINST, FORCED = "foursplit.verdict", "foursplit.judged_against", "foursplit.forced"

COMMIT = "foursplit.commit"

DIRTY = "foursplit.git_dirty"  # "true": made from sources that the commit does not hold

REPORT = "foursplit.report"  # JSON, as reports/gate/<group>.json has it, as far as a tag holds it

TAG_LENGTH = 100_000  # characters that MLflow takes as a version's tag

PROMOTED = "foursplit.promoted_at"  # JSON list of times in UTC: there is a way back

SCHEME = "models:/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A stored winner; `folder` has a `seed_<n>` folder a seed, checked byte for byte."""

    group: str
    number: int
    folder: Path
    tags: Mapping[str, str]

    @property
    def uri(self) -> str:
        return f"{SCHEME}{self.group}/{self.number}"

    @property
    def files(self) -> dict[str, str]:
        """Give the sha256 of each file by its path in the folder, as stored."""
        found: dict[str, str] = json.loads(self.tags[FILES])
        return found


def register(
    group: str, models: Path, tables: Path, tags: Mapping[str, str], say: Echo,
    *, features: Sequence[str],
) -> StoredVersion:  # fmt: skip
    """Store a winner as challenger: weights from `models`, dev and test from `tables`.

    Both have a `seed_<n>` folder a seed.  The same files again are the same version.  `features`
    are the names of the inputs, none where an example is no row of a table.
    """
    with tempfile.TemporaryDirectory(prefix="foursplit-gate-") as name:
        folder = Path(name)
        _copy_files(folder, models, tables)
        mlmodel.write(folder, version_files.manifest(folder), features)
        files = version_files.digests(folder)
        client = store.client()
        with store.writer_lock(say):
            _require_model(client, group)
            found = _find_intact(client, group, files)
            number = found or _store(client, group, folder, files, tags)
            if found is None:
                number = _withdraw_duplicate(client, group, files, number)
            else:  # where it was made last: a proposal that was merged is the branch's own
                _set_tags(client, group, found, tags)
            store.retry(client.set_registered_model_alias, group, CHALLENGER, str(number))
    return _load_checked(client, client.get_model_version(group, str(number)))


def _copy_files(folder: Path, models: Path, tables: Path) -> None:
    for seed in seed_folders(tables):
        trained, to = models / seed.name, folder / seed.name
        to.mkdir()
        names = ["manifest.json", *(w for w in version_files.WEIGHTS if (trained / w).is_file())]
        for path in [*(trained / n for n in names), *(seed / n for n in version_files.TABLES)]:
            if not path.is_file():
                raise FoursplitError(f"{path}: no such file; `foursplit repro` makes it")
            shutil.copyfile(path, to / path.name)


def _require_model(client: Any, group: str) -> None:
    """Create the registered model where it is missing."""
    if not has_versions(client, group):
        told = f"Winners of the comparison group `{group}`; see docs/gate.md."
        store.create_if_missing(client.create_registered_model, group, description=told)


def model_names(client: Any, group: str | None = None) -> list[str]:
    """List the registered models: all, or that of `group` if its winner was ever stored."""
    where = f"name = '{group}'" if group else None
    found: list[str] = []
    token = None
    while True:
        page = client.search_registered_models(where, page_token=token)
        found += [model.name for model in page]
        token = page.token
        if not token:
            return found


def _versions(client: Any, group: str) -> list[Any]:
    found = client.search_model_versions(f"name='{group}'")
    return sorted(found, key=lambda version: int(version.version))


def _find_intact(client: Any, group: str, files: Mapping[str, str]) -> int | None:
    """Find the version that holds these very files; one whose files were harmed is none."""
    identity = _identity(files)
    for version in _versions(client, group):
        if version.tags.get(IDENTITY) == identity:
            try:
                _load_checked(client, version)
            except FoursplitError:
                continue
            return int(version.version)
    return None


def _identity(files: Mapping[str, str]) -> str:
    """Name a winner by what it is: `MLmodel` tells of MLflow's and Python's version too."""
    return artifacts.fingerprint({name: files[name] for name in files if name != mlmodel.NAME})


def _store(
    client: Any, group: str, folder: Path, files: Mapping[str, str], tags: Mapping[str, str]
) -> int:
    """Write the files, then the version that speaks of them."""
    identity = _identity(files)
    where = store.get_or_create_experiment(client, EXPERIMENT, NOTE)
    _delete_unfinished(client, where, group, identity)
    mine = {IDENTITY: identity, "foursplit.group": group, **ownership.tags()}
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


def _delete_unfinished(client: Any, where: str, group: str, identity: str) -> None:
    """Delete what was half stored when we were killed: runs that no version came of."""
    found = client.search_runs([where], f"tags.`{IDENTITY}` = '{identity}'")
    used = {version.run_id for version in _versions(client, group)}
    for run in found:
        of_group = run.data.tags.get("foursplit.group") == group
        if run.info.run_id not in used and of_group and ownership.is_abandoned(run):
            client.delete_run(run.info.run_id)


def _withdraw_duplicate(client: Any, group: str, files: Mapping[str, str], made: int) -> int:
    """Withdraw a version that another machine has stored too meanwhile; the lowest number stays."""
    if store.database_path() is not None:
        return made  # its lock has kept all others out
    first = _find_intact(client, group, files)
    if first is None or first >= made:
        return made
    run_id = client.get_model_version(group, str(made)).run_id
    client.delete_model_version(group, str(made))
    client.delete_run(run_id)
    return first


def _source(run: Any) -> str:
    return f"{run.info.artifact_uri}/{FOLDER}"


def load_champion(group: str) -> StoredVersion | None:
    """Give the champion; None where a group has none yet."""
    number = champion_number(group)
    return None if number is None else load_version(group, str(number))


def champion_number(group: str) -> int | None:
    """Name the champion's version without reading its files."""
    client = store.client()
    return _aliases(client, group).get(CHAMPION) if has_versions(client, group) else None


def has_versions(client: Any, group: str) -> bool:
    """Tell whether a group has a registered model."""
    return "'" not in group and bool(model_names(client, group))


def _aliases(client: Any, group: str) -> dict[str, int]:
    found = client.get_registered_model(group).aliases
    return {name: int(number) for name, number in found.items()}


def load_version(group: str, which: str) -> StoredVersion:
    """Give a version by number or alias; what is not there is refused with what is."""
    path = store.database_path()
    if path is not None and not path.is_file():
        raise FoursplitError(
            f"{path}: no such file; `foursplit gate GROUP` stores a group's winner"
        )
    client = store.client()
    if not has_versions(client, group):
        raise unknown_name("registered model", group, model_names(client), store.display_uri())
    aliases = _aliases(client, group)
    versions = {str(version.version): version for version in _versions(client, group)}
    number = str(aliases.get(which, which))
    if number not in versions:
        raise unknown_name("alias or version", which, [*aliases, *versions], f"{SCHEME}{group}")
    return _load_checked(client, versions[number])


def parse_uri(uri: str) -> tuple[str, str]:
    """Read `models:/<group>@<alias>` or `models:/<group>/<version>`."""
    group, mark, which = uri.removeprefix(SCHEME).partition("@")
    if not mark:
        group, mark, which = group.partition("/")
    if not uri.startswith(SCHEME) or not all((group, mark, which)) or "/" in group + which:
        raise FoursplitError(
            f"{uri!r} names no registered model; write models:/<group>@<alias> or "
            "models:/<group>/<version>, such as models:/c4w2_digits@champion"
        )
    return group, which


def _load_checked(client: Any, found: Any) -> StoredVersion:
    """Check where a version's files lie, and that they are those stored."""
    at = f"{SCHEME}{found.name}/{found.version}"
    tags = dict(found.tags)
    if FILES not in tags or not found.run_id:
        raise FoursplitError(
            f"{at}: not stored by `foursplit gate`, so nothing says what it must hold"
        )
    run = client.get_run(found.run_id)
    if found.source != _source(run):
        raise artifact_location.outside_error(found.source, at)
    folder = artifact_location.local_folder(found.source, at) or artifact_location.download(
        client, found, FOLDER
    )
    version = StoredVersion(group=found.name, number=int(found.version), folder=folder, tags=tags)
    version_files.require_unchanged(folder, version.files)
    return version


def weight_hashes(version: StoredVersion) -> set[str]:
    """Give the sha256 of each seed's weights."""
    files: dict[str, str] = json.loads(version.tags[FILES])
    return {digest for name, digest in files.items() if Path(name).name in version_files.WEIGHTS}


def set_tags(version: StoredVersion, tags: Mapping[str, str]) -> None:
    """Write what was decided of a version beside it."""
    _set_tags(store.client(), version.group, version.number, tags)


def _set_tags(client: Any, group: str, number: int, tags: Mapping[str, str]) -> None:
    for name, value in tags.items():
        store.retry(client.set_model_version_tag, group, str(number), name, value)


def promote(version: StoredVersion, judged_against: int | None, say: Echo) -> None:
    """Make a version the champion, unless another was made it since it was judged."""
    client = store.client()
    with store.writer_lock(say), promotion_lock.promotion_lock(client, version.group):
        now = _aliases(client, version.group).get(CHAMPION)
        if now not in (judged_against, version.number):
            raise FoursplitError(
                f"{version.group}: version {now} was made champion while version {version.number} "
                f"was judged against {judged_against or 'none'}; run `foursplit gate` again"
            )
        store.retry(client.set_registered_model_alias, version.group, CHAMPION, str(version.number))
        # Only now: a time without the promotion would be a lie, the other way round a gap.
        since = [*json.loads(version.tags.get(PROMOTED, "[]")), f"{datetime.now(UTC):%FT%TZ}"]
        set_tags(version, {PROMOTED: json.dumps(since)})

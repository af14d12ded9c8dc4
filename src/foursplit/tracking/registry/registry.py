"""MLflow's model registry: one registered model per comparison group, one version per winner.

A version has the weights, manifest and tables of dev and test of each seed, and the `MLmodel` by
which plain MLflow loads it; its tags have their sha256.  The aliases are `challenger` (stored last)
and `champion` (promoted).  An alias moves only after all its files are stored: a process that is
killed before leaves the old one.
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

NOTE = "Versions stored by `foursplit gate`: one run each, with weights, manifest and tables."

FOLDER = "model"  # of a run's artifacts

IDENTITY, FILES = "foursplit.identity", "foursplit.files"

VERDICT, AGAINST, FORCED = "foursplit.verdict", "foursplit.judged_against", "foursplit.forced"

COMMIT = "foursplit.commit"

DIRTY = "foursplit.git_dirty"  # "true": made from uncommitted sources

REPORT = "foursplit.report"  # JSON as in reports/gate/<group>.json, as far as it fits a tag

TAG_LENGTH = 100_000  # MLflow's limit for a version's tag

PROMOTED = "foursplit.promoted_at"  # JSON list of times in UTC: a version may be promoted again

SCHEME = "models:/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A stored winner; `folder` has a verified `seed_<n>` folder per seed."""

    group: str
    number: int
    folder: Path
    tags: Mapping[str, str]

    @property
    def uri(self) -> str:
        return f"{SCHEME}{self.group}/{self.number}"

    @property
    def files(self) -> dict[str, str]:
        """Return the stored sha256 of each file by its path in the folder."""
        hashes: dict[str, str] = json.loads(self.tags[FILES])
        return hashes


def register(  # noqa: PLR0913, two of them are what MLmodel says besides
    group: str,
    models: Path,
    tables: Path,
    tags: Mapping[str, str],
    echo: Echo,
    *,
    features: Sequence[str],
    thresholds: mlmodel.Thresholds | None = None,
) -> StoredVersion:
    """Store a winner as challenger: weights from `models`, dev and test from `tables`.

    Both have a `seed_<n>` folder per seed.  Equal files are the same version.  `features` are the
    names of the input columns, empty if an example is not a row of a table; `thresholds` are those
    of each seed, chosen on dev.
    """
    with tempfile.TemporaryDirectory(prefix="foursplit-gate-") as name:
        folder = Path(name)
        _copy_files(folder, models, tables)
        mlmodel.write(folder, version_files.manifest(folder), features, thresholds)
        files = version_files.digests(folder)
        identity = _identity(files, thresholds or {})
        client = store.client()
        with store.writer_lock(echo):
            _require_model(client, group)
            existing = _find_intact(client, group, identity)
            number = existing or _store(client, group, folder, files, {**tags, IDENTITY: identity})
            if existing is None:
                number = _withdraw_duplicate(client, group, identity, number)
            else:  # tags of the last gate: after a merge those of the branch
                _set_tags(client, group, existing, tags)
            store.retry(client.set_registered_model_alias, group, CHALLENGER, str(number))
    return _load_checked(client, client.get_model_version(group, str(number)))


def _copy_files(folder: Path, models: Path, tables: Path) -> None:
    for seed in seed_folders(tables):
        trained, target = models / seed.name, folder / seed.name
        target.mkdir()
        names = [
            name
            for name in version_files.MODEL
            if name == "manifest.json" or (trained / name).is_file()
        ]
        for path in [*(trained / n for n in names), *(seed / n for n in version_files.TABLES)]:
            if not path.is_file():
                raise FoursplitError(f"{path}: no such file. Run `foursplit repro`")
            shutil.copyfile(path, target / path.name)


def _require_model(client: Any, group: str) -> None:
    """Create the registered model if it is missing."""
    if not has_versions(client, group):
        description = f"Winners of the comparison group `{group}`; see docs/gate.md."
        store.create_if_missing(client.create_registered_model, group, description=description)


def model_names(client: Any, group: str | None = None) -> list[str]:
    """List the names of all registered models, or that of `group` if it has one."""
    filter_string = f"name = '{group}'" if group else None
    result: list[str] = []
    token = None
    while True:
        page = client.search_registered_models(filter_string, page_token=token)
        result += [model.name for model in page]
        token = page.token
        if not token:
            return result


def _versions(client: Any, group: str) -> list[Any]:
    versions = client.search_model_versions(f"name='{group}'")
    return sorted(versions, key=lambda version: int(version.version))


def _find_intact(client: Any, group: str, identity: str) -> int | None:
    """Find the version with exactly these files; damaged versions do not count."""
    for version in _versions(client, group):
        if version.tags.get(IDENTITY) == identity:
            try:
                _load_checked(client, version)
            except FoursplitError:
                continue
            return int(version.version)
    return None


def _identity(files: Mapping[str, str], thresholds: mlmodel.Thresholds) -> str:
    """Hash a winner's files and thresholds, without `MLmodel`, which has MLflow's version too."""
    content: dict[str, Any] = {name: files[name] for name in files if name != mlmodel.NAME}
    if thresholds:
        content[mlmodel.THRESHOLDS] = {seed: one.as_json() for seed, one in thresholds.items()}
    return artifacts.fingerprint(content)


def _store(
    client: Any, group: str, folder: Path, files: Mapping[str, str], tags: Mapping[str, str]
) -> int:
    """Write the files, then the version that refers to them."""
    identity = tags[IDENTITY]
    experiment_id = store.get_or_create_experiment(client, EXPERIMENT, NOTE)
    _delete_unfinished(client, experiment_id, group, identity)
    run_tags = {IDENTITY: identity, "foursplit.group": group, **ownership.tags()}
    run = client.create_run(experiment_id, tags=run_tags, run_name=f"{group} {identity[:8]}")
    client.log_artifacts(run.info.run_id, str(folder), FOLDER)
    client.set_terminated(run.info.run_id, "FINISHED")
    version = client.create_model_version(
        group,
        _source(run),
        run.info.run_id,
        tags={**tags, FILES: json.dumps(dict(files), sort_keys=True)},
    )
    return int(version.version)


def _delete_unfinished(client: Any, experiment_id: str, group: str, identity: str) -> None:
    """Delete the runs of killed processes: those without a version."""
    runs = client.search_runs([experiment_id], f"tags.`{IDENTITY}` = '{identity}'")
    used = {version.run_id for version in _versions(client, group)}
    for run in runs:
        of_group = run.data.tags.get("foursplit.group") == group
        if run.info.run_id not in used and of_group and ownership.is_abandoned(run):
            client.delete_run(run.info.run_id)


def _withdraw_duplicate(client: Any, group: str, identity: str, number: int) -> int:
    """Delete a version that another machine has stored too; the lowest number stays."""
    if store.database_path() is not None:
        return number  # the file lock has excluded others
    first = _find_intact(client, group, identity)
    if first is None or first >= number:
        return number
    run_id = client.get_model_version(group, str(number)).run_id
    client.delete_model_version(group, str(number))
    client.delete_run(run_id)
    return first


def _source(run: Any) -> str:
    return f"{run.info.artifact_uri}/{FOLDER}"


def load_champion(group: str) -> StoredVersion | None:
    """Return the champion; None if the group has none."""
    number = champion_number(group)
    return None if number is None else load_version(group, str(number))


def champion_number(group: str) -> int | None:
    """Return the champion's version number without reading its files."""
    client = store.client()
    return _aliases(client, group).get(CHAMPION) if has_versions(client, group) else None


def has_versions(client: Any, group: str) -> bool:
    """Return whether a group has a registered model."""
    return "'" not in group and bool(model_names(client, group))


def _aliases(client: Any, group: str) -> dict[str, int]:
    aliases = client.get_registered_model(group).aliases
    return {name: int(number) for name, number in aliases.items()}


def load_version(group: str, number_or_alias: str) -> StoredVersion:
    """Load a version by number or alias; raise with the valid ones if it does not exist."""
    path = store.database_path()
    if path is not None and not path.is_file():
        raise FoursplitError(
            f"{path}: no such file, so {group} has no champion yet. Run {_first_champion(group)}"
        )
    client = store.client()
    if not has_versions(client, group):
        unknown = unknown_name("registered model", group, model_names(client), store.display_uri())
        raise FoursplitError(f"{unknown} For a group's first champion: {_first_champion(group)}")
    aliases = _aliases(client, group)
    versions = {str(version.version): version for version in _versions(client, group)}
    number = str(aliases.get(number_or_alias, number_or_alias))
    if number not in versions:
        unknown = unknown_name(
            "alias or version", number_or_alias, [*aliases, *versions], f"{SCHEME}{group}"
        )
        first = f" No champion yet: {_first_champion(group)}" if CHAMPION not in aliases else ""
        raise FoursplitError(f"{unknown}{first}")
    return _load_checked(client, versions[number])


def _first_champion(group: str) -> str:
    """Return the command that makes a group's first champion."""
    return f"`foursplit gate {group} --promote`"


def parse_uri(uri: str) -> tuple[str, str]:
    """Read `models:/<group>@<alias>` or `models:/<group>/<version>`."""
    group, separator, number_or_alias = uri.removeprefix(SCHEME).partition("@")
    if not separator:
        group, separator, number_or_alias = group.partition("/")
    if (
        not uri.startswith(SCHEME)
        or not all((group, separator, number_or_alias))
        or "/" in group + number_or_alias
    ):
        raise FoursplitError(
            f"{uri!r} is not a registered model. Write models:/<group>@<alias> or "
            "models:/<group>/<version>, such as models:/c4w2_digits@champion"
        )
    return group, number_or_alias


def _load_checked(client: Any, version: Any) -> StoredVersion:
    """Load a version, and verify the location and hashes of its files."""
    uri = f"{SCHEME}{version.name}/{version.version}"
    tags = dict(version.tags)
    if FILES not in tags or not version.run_id:
        raise FoursplitError(
            f"{uri}: not stored by `foursplit gate`, so its files cannot be verified"
        )
    run = client.get_run(version.run_id)
    if version.source != _source(run):
        raise artifact_location.outside_error(version.source, uri)
    folder = artifact_location.local_folder(version.source, uri) or artifact_location.download(
        client, version, FOLDER
    )
    stored = StoredVersion(
        group=version.name, number=int(version.version), folder=folder, tags=tags
    )
    version_files.require_unchanged(folder, stored.files)
    return stored


def weight_hashes(version: StoredVersion) -> set[str]:
    """Return the sha256 of each seed's weights."""
    files: dict[str, str] = json.loads(version.tags[FILES])
    return {digest for name, digest in files.items() if Path(name).name in version_files.WEIGHTS}


def set_tags(version: StoredVersion, tags: Mapping[str, str]) -> None:
    """Set the tags of a version, such as a verdict."""
    _set_tags(store.client(), version.group, version.number, tags)


def _set_tags(client: Any, group: str, number: int, tags: Mapping[str, str]) -> None:
    for name, value in tags.items():
        store.retry(client.set_model_version_tag, group, str(number), name, value)


def promote(version: StoredVersion, judged_against: int | None, echo: Echo) -> None:
    """Make a version the champion, unless the champion has changed since its evaluation."""
    client = store.client()
    with store.writer_lock(echo), promotion_lock.promotion_lock(client, version.group):
        current = _aliases(client, version.group).get(CHAMPION)
        if current not in (judged_against, version.number):
            raise FoursplitError(
                f"{version.group}: version {current} became champion after version "
                f"{version.number} was judged against {judged_against or 'none'}. Run "
                "`foursplit gate` again"
            )
        store.retry(client.set_registered_model_alias, version.group, CHAMPION, str(version.number))
        # After the alias: a missing time is better than a time without a promotion.
        times = [*json.loads(version.tags.get(PROMOTED, "[]")), f"{datetime.now(UTC):%FT%TZ}"]
        set_tags(version, {PROMOTED: json.dumps(times)})

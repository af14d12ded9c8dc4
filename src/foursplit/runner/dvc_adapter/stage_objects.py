"""Questions to DVC's own stage and output objects, which are untyped."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.runner import removable_outputs

Stage = Any
"""DVC's own object, untyped."""


def output_hash(item: Any) -> str | None:
    """Return the hash of an output in its lock entry."""
    return item.hash_info.value if item.hash_info else None


def output_files(item: Any) -> dict[str, str]:
    """Return the md5 of each file of an output that has just been hashed, by the file's path."""
    if not item.hash_info or item.hash_info.name != "md5":
        return {}
    if not item.hash_info.isdir:
        return {item.fs_path: item.hash_info.value}
    return {item.fs.join(item.fs_path, *key): info.value for key, _, info in item.obj or ()}


def cache_folder(repo: Any) -> str:
    """Return the folder of DVC's local cache whose folders hold its objects."""
    return str(repo.cache.local.path)


def restrict_index(repo: Any, files: Sequence[Path]) -> None:
    """Let DVC read the stages of these dvc.yaml files alone; none: of all in the project."""
    from dvc.repo.index import Index

    if files:
        repo.index = Index.from_indexes(repo, [Index.from_file(repo, str(file)) for file in files])


def skip_gitignore_behind_links(stage: Stage) -> None:
    """Keep outputs behind a link out of .gitignore: git sees them outside, and DVC raises."""
    for out in stage.outs:
        path = Path(out.fs_path)
        if (
            path.is_relative_to(paths.root())
            and removable_outputs.first_link(path.parent) is not None
        ):
            out.ignore = lambda: None


def stage_commands(stage: Stage) -> tuple[str, ...]:
    if not stage.cmd or stage.frozen:
        return ()
    return tuple(stage.cmd) if isinstance(stage.cmd, list) else tuple(stage.cmd.splitlines())


def recorded_command(stage: Stage) -> Any:
    """Return the command in a stage's lock entry; parses the whole lock file."""
    entries = stage.dvcfile.lockfile_contents.get("stages", {})
    return entries.get(stage.name, {}).get("cmd")


def hash_now(item: Any) -> Any:
    """Hash a file or folder as it is now; the object of a folder lists its files."""
    store = item.cache if item.use_cache else item.local_cache
    _, _, built = item._build(
        store, item.fs_path, item.fs, item.hash_name, ignore=item.dvcignore, dry_run=True
    )
    return built

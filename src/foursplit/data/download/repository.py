"""Export a data set's files from one commit of its git repository.

git verifies the objects.  Files are read as blobs, never checked out: no line ending, filter or
hook of the repository or of this machine changes a byte.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from foursplit.core.errors import FoursplitError
from foursplit.data.download.catalogue import FileSelection, Repository
from foursplit.data.download.retry import RetryPolicy
from foursplit.io import git

GIT_ENV = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ALLOW_PROTOCOL": "https:file",
    "GIT_LFS_SKIP_SMUDGE": "1",
}


def export_files(
    repository: Repository, into: Path, retry_policy: RetryPolicy, *, unpacked_bytes: int
) -> None:
    """Write the files that the entry selects below the empty folder `into`."""
    with tempfile.TemporaryDirectory(prefix="foursplit-git-") as temporary:
        folder = Path(temporary)
        _git(folder, "init", "--quiet", "--bare", "--template=")
        _fetch(folder, repository, retry_policy)
        blobs = _select(_list_blobs(folder, repository), repository)
        _write(folder, blobs, into, unpacked_bytes, repository)


def _fetch(folder: Path, repository: Repository, retry_policy: RetryPolicy) -> None:
    """Fetch one commit without its history; retry after a failure."""
    options = [
        "-c",
        f"http.lowSpeedLimit={retry_policy.min_bytes_per_s}",
        "-c",
        f"http.lowSpeedTime={max(1, round(retry_policy.min_speed_window_s))}",
        "-c",
        "fetch.fsckObjects=true",
    ]
    command = [*options, "fetch", "--quiet", "--depth=1", "--no-tags", repository.url]
    for attempt in range(1, retry_policy.attempts + 1):
        try:
            _git(folder, *command, repository.commit)
            return
        except FoursplitError as error:
            if attempt == retry_policy.attempts:
                raise FoursplitError(f"{repository.url} at {repository.commit}: {error}") from error
            time.sleep(retry_policy.backoff_s(attempt))


def _git(folder: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Return git's output; the user's environment may hold a proxy or certificates for it."""
    return git.check_output_bytes(
        *arguments, folder=folder, env={**os.environ, **GIT_ENV}, stdin=stdin
    )


def _list_blobs(folder: Path, repository: Repository) -> dict[str, str]:
    """Return the object name of each regular file of the commit by path, without links."""
    output = _git(folder, "ls-tree", "-r", "-z", "--full-tree", repository.commit)
    blobs = {}
    for line in filter(None, output.split(b"\0")):
        header, _, path = line.partition(b"\t")
        mode, object_type, name = header.decode().split()
        if object_type == "blob" and mode.startswith("100"):
            blobs[path.decode("utf-8", "surrogateescape")] = name
    return blobs


def _select(blobs: dict[str, str], repository: Repository) -> dict[str, str]:
    """Return the blobs that the entry selects, under the paths of its archive."""
    excluded = set(repository.leave_out)
    selected: dict[str, str] = {}
    for selection in repository.take:
        matching = [path for path in sorted(blobs) if _matches(path, selection.glob)]
        for path in _first((path for path in matching if path not in excluded), selection):
            selected[path.removeprefix(repository.strip)] = blobs[path]
    return selected


def _matches(path: str, glob: str) -> bool:
    """Check whether a path matches: * stays within a folder, a final ** includes subfolders."""
    if glob.endswith("/**"):
        return path.startswith(glob.removesuffix("**"))
    parts, patterns = path.split("/"), glob.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _first(paths: Iterable[str], selection: FileSelection) -> Iterator[str]:
    """Yield the first `selection.first` paths of each folder, or all."""
    counts: dict[PurePosixPath, int] = {}
    for path in paths:
        folder = PurePosixPath(path).parent
        counts[folder] = counts.get(folder, 0) + 1
        if selection.first is None or counts[folder] <= selection.first:
            yield path


def _write(
    folder: Path, blobs: dict[str, str], into: Path, limit: int, repository: Repository
) -> None:
    """Write all blobs from one call of `git cat-file`, which prints each with its size."""
    names = "".join(f"{name}\n" for name in blobs.values()).encode()
    sizes = _git(folder, "cat-file", "--batch-check=%(objectsize)", stdin=names).split()
    if sum(map(int, sizes)) > limit:
        raise FoursplitError(
            f"{repository.url} at {repository.commit}: the selected files have more than "
            f"{limit} bytes"
        )
    output, start = _git(folder, "cat-file", "--batch", stdin=names), 0
    for path in blobs:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise FoursplitError(f"{repository.url}: path {path!r} leads outside its folder")
        end = output.index(b"\n", start)
        size = int(output[start:end].split()[2])
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(output[end + 1 : end + 1 + size])
        start = end + 1 + size + 1

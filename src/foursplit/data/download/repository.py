"""Take a data set's files out of its git repository at one commit, which git checks as it reads.

Files are read as git's blobs, never checked out: no line end, filter or hook of a repository or of
this machine changes a byte.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from foursplit.core.errors import FoursplitError
from foursplit.data.download.catalogue import FileSelection, Repository
from foursplit.data.download.retry import RetryPolicy

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
    """Write the files that the entry takes, below the empty folder `into`."""
    with tempfile.TemporaryDirectory(prefix="foursplit-git-") as place:
        folder = Path(place)
        _git(folder, "init", "--quiet", "--bare", "--template=")
        _fetch(folder, repository, retry_policy)
        listed = _chosen(_list(folder, repository), repository)
        _write(folder, listed, into, unpacked_bytes, repository)


def _fetch(folder: Path, repository: Repository, retry_policy: RetryPolicy) -> None:
    """Fetch one commit without its history; try again while the network is at fault."""
    slow = [
        "-c", f"http.lowSpeedLimit={retry_policy.min_bytes_per_s}",
        "-c", f"http.lowSpeedTime={max(1, round(retry_policy.min_speed_window_s))}",
        "-c", "fetch.fsckObjects=true",
    ]  # fmt: skip
    command = [*slow, "fetch", "--quiet", "--depth=1", "--no-tags", repository.url]
    for attempt in range(1, retry_policy.attempts + 1):
        try:
            _git(folder, *command, repository.commit)
            return
        except FoursplitError as error:
            if attempt == retry_policy.attempts:
                raise FoursplitError(f"{repository.url} at {repository.commit}: {error}") from error
            time.sleep(retry_policy.backoff_s(attempt))


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, env={**os.environ, **GIT_ENV}, check=False
        )
    except FileNotFoundError as error:
        raise FoursplitError(
            "git is not installed, and the data set comes from a repository"
        ) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise FoursplitError(f"git {arguments[0]} failed: {said[-1] if said else done.returncode}")
    return done.stdout


def _list(folder: Path, repository: Repository) -> dict[str, str]:
    """Give the object of each plain file of the commit, by path; links are no files."""
    text = _git(folder, "ls-tree", "-r", "-z", "--full-tree", repository.commit)
    found = {}
    for line in filter(None, text.split(b"\0")):
        kind, _, path = line.partition(b"\t")
        mode, what, name = kind.decode().split()
        if what == "blob" and mode.startswith("100"):
            found[path.decode("utf-8", "surrogateescape")] = name
    return found


def _chosen(listed: dict[str, str], repository: Repository) -> dict[str, str]:
    """Pick what the entry takes, under the paths that its archive uses."""
    left_out = set(repository.leave_out)
    found: dict[str, str] = {}
    for take in repository.take:
        taken = [path for path in sorted(listed) if _matches(path, take.glob)]
        for path in _first((path for path in taken if path not in left_out), take):
            found[path.removeprefix(repository.strip)] = listed[path]
    return found


def _matches(path: str, glob: str) -> bool:
    """Tell whether a path fits: a star stays within a folder, two at the end go through all."""
    if glob.endswith("/**"):
        return path.startswith(glob.removesuffix("**"))
    parts, wanted = path.split("/"), glob.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _first(paths: Iterable[str], take: FileSelection) -> Iterator[str]:
    seen: dict[PurePosixPath, int] = {}
    for path in paths:
        folder = PurePosixPath(path).parent
        seen[folder] = seen.get(folder, 0) + 1
        if take.first is None or seen[folder] <= take.first:
            yield path


def _write(
    folder: Path, chosen: dict[str, str], into: Path, limit: int, repository: Repository
) -> None:
    """Write all blobs, asked for in one go; git names each with its size."""
    sizes = _git(
        folder, "cat-file", "--batch-check=%(objectsize)",
        given="".join(f"{name}\n" for name in chosen.values()).encode(),
    ).split()  # fmt: skip
    if sum(map(int, sizes)) > limit:
        raise FoursplitError(
            f"{repository.url} at {repository.commit}: more than {limit} bytes in the files taken"
        )
    asked = "".join(f"{name}\n" for name in chosen.values()).encode()
    answer, at = _git(folder, "cat-file", "--batch", given=asked), 0
    for path in chosen:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise FoursplitError(f"{repository.url}: path {path!r} leads outside its folder")
        end = answer.index(b"\n", at)
        size = int(answer[at:end].split()[2])
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(answer[end + 1 : end + 1 + size])
        at = end + 1 + size + 1

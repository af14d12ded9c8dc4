"""Download one file whose sha256 is known: broken connections go on where they broke.

The bytes grow in `<sha256>.part` outside the graph and take their name once they are right, so
nothing ever reads a half or a wrong file, and a killed download is resumed by the next.
Source: RFC 9110, sections 14 (range requests) and 15.4 (redirection).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock

from foursplit.core.errors import FoursplitError
from foursplit.data.download.catalogue import RemoteFile
from foursplit.data.download.progress import Progress
from foursplit.data.download.retry import RetryPolicy
from foursplit.io import artifacts

CHUNK_BYTES = 64 * 1024
RETRYABLE_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others a moment later."""


class _ConnectionBroken(Exception):  # noqa: N818, it is a state of the connection
    """The connection gave out; what came so far is kept."""


def download(file: RemoteFile, folder: Path, retry_policy: RetryPolicy) -> Path:
    """Give the file under `folder`, named by its sha256; fetched unless it lies there already."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.sha256
    # Two stages may want one file: the second waits, and finds it.
    with FileLock(folder / f"{file.sha256}.lock"):
        if not _is_right(target, file):
            part = target.with_suffix(".part")
            _complete(file, part, retry_policy)
            part.replace(target)
    return target


def _is_right(path: Path, file: RemoteFile) -> bool:
    return path.is_file() and artifacts.sha256_file(path) == file.sha256


def _complete(file: RemoteFile, part: Path, retry_policy: RetryPolicy) -> None:
    """Fill `part` with the right bytes; a wrong end of an older beginning is fetched afresh."""
    for resumed in (_size(part) > 0, False):
        _fill(file, part, retry_policy)
        found = artifacts.sha256_file(part)
        if found == file.sha256:
            return
        size = _size(part)
        part.unlink()
        if not resumed:
            raise FoursplitError(
                f"{file.url}: wrong bytes: expected sha256 {file.sha256} ({file.bytes} bytes), "
                f"found {found} ({size} bytes). What is published there has changed; a mirror "
                "(FOURSPLIT_MIRROR) can provide the file as it was."
            )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _fill(file: RemoteFile, part: Path, retry_policy: RetryPolicy) -> None:
    """Try until `part` has its full length."""
    import requests

    failures, why = 0, ""
    with requests.Session() as session, Progress(Path(file.path).name, file.bytes) as progress:
        for _ in range(retry_policy.max_attempts):
            before = _size(part)
            if before == file.bytes:
                return
            try:
                _receive(session, file, part, retry_policy, progress)
                return
            except _ConnectionBroken as error:
                failures = failures + 1 if _size(part) <= before else 1
                why = str(error)
                if failures >= retry_policy.attempts:
                    break
            time.sleep(retry_policy.backoff_s(failures))
    raise FoursplitError(
        f"{file.url}: could not be fetched: {why} ({failures} tries in a row without progress; "
        f"{_size(part)} of {file.bytes} bytes are kept, run again to go on)"
    )


def _receive(
    session: Any, file: RemoteFile, part: Path, retry_policy: RetryPolicy, progress: Progress
) -> None:
    """Ask for what is missing and append it; raise _Broken where it is worth another try."""
    have = _size(part)
    # Identity: a server that packs the answer would send other bytes than those published.
    headers = {"Accept-Encoding": "identity", "User-Agent": "foursplit"}
    headers |= {"Range": f"bytes={have}-"} if have else {}
    waits = (retry_policy.connect_timeout_s, retry_policy.read_timeout_s)
    with (
        _understood(file),
        session.get(file.url, headers=headers, timeout=waits, stream=True) as answer,
    ):
        have = _accepted(answer, file, part, have)
        progress.at(have)
        with part.open("r+b" if have else "wb") as out:
            out.seek(have)
            out.truncate()
            for chunk in _steadily(answer.raw, retry_policy):
                have += len(chunk)
                if have > file.bytes:
                    break
                _write(out, chunk, part)
                progress.at(have)
    if have > file.bytes:
        part.unlink()
        raise FoursplitError(f"{file.url}: wrong length: it goes on beyond {file.bytes} bytes")
    if have < file.bytes:
        raise _ConnectionBroken(f"the connection ended at {have} bytes")


@contextmanager
def _understood(file: RemoteFile) -> Iterator[None]:
    """Part what another try may mend from what it cannot."""
    import requests
    import requests.exceptions as problems
    from urllib3.exceptions import HTTPError

    try:
        yield
    except requests.TooManyRedirects as error:
        raise FoursplitError(f"{file.url}: redirects without end ({error})") from error
    except (problems.InvalidURL, problems.InvalidSchema, problems.MissingSchema) as error:
        raise FoursplitError(f"{file.url}: no address to fetch from ({error})") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # of our own file, such as a full disk: the command line names it
        raise _ConnectionBroken(_reason(error)) from error


def _accepted(answer: Any, file: RemoteFile, part: Path, have: int) -> int:
    """Give the position that the answer's bytes belong to; refuse an answer that is none."""
    status = answer.status_code
    if status in RETRYABLE_STATUS:
        raise _ConnectionBroken(f"the server answers {status} {answer.reason}")
    if status == 416 and have:
        part.unlink()  # it has less than we do
        raise _ConnectionBroken("the server has no more, and what we have is not the file")
    if status not in (200, 206):
        raise FoursplitError(f"{file.url}: the server answers {status} {answer.reason}")
    start = 0
    if status == 206:
        stated = answer.headers.get("Content-Range", "")
        if not stated.startswith(f"bytes {have}-"):
            raise FoursplitError(
                f"{file.url}: asked for bytes from {have}, and the answer is {stated!r}"
            )
        start = have
    length = answer.headers.get("Content-Length")
    if length is not None and length.isdigit() and start + int(length) != file.bytes:
        raise FoursplitError(
            f"{file.url}: wrong length: {start + int(length)} bytes, expected {file.bytes}"
        )
    return start


def _steadily(raw: Any, retry_policy: RetryPolicy) -> Iterator[bytes]:
    """Yield bytes as they come; a connection that only drips is given up."""
    began, came = time.monotonic(), 0
    # read1 hands over what has arrived: read would wait for a whole chunk from a slow server.
    while chunk := raw.read1(CHUNK_BYTES, decode_content=False):
        yield chunk
        came += len(chunk)
        seconds = time.monotonic() - began
        if seconds > retry_policy.min_speed_window_s:
            if came < retry_policy.min_bytes_per_s * seconds:
                raise _ConnectionBroken(f"only {came / seconds:.0f} bytes a second")
            began, came = time.monotonic(), 0


def _write(out: IO[bytes], chunk: bytes, part: Path) -> None:
    try:
        out.write(chunk)
    except OSError as error:
        # Python does not say which file could not be written, and a connection's error looks alike.
        raise OSError(error.errno, error.strerror, str(part)) from error


def _reason(error: BaseException) -> str:
    """Shorten an error to its last cause, which is what a person can act on."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {error}"

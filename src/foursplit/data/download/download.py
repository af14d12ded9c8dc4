"""Download one file of known sha256; a broken connection resumes where it broke.

Bytes are written to `<sha256>.part`, which is renamed once its hash is correct: nothing reads a
partial or wrong file, and the next call resumes a killed download.
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
from foursplit.data.download.progress import DownloadProgress
from foursplit.data.download.retry import RetryPolicy
from foursplit.io import artifacts

CHUNK_BYTES = 64 * 1024
RETRYABLE_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP status codes of temporary failures."""


class _ConnectionBroken(Exception):  # noqa: N818, it is a state of the connection
    """The connection broke; the received bytes stay."""


def download(file: RemoteFile, folder: Path, retry_policy: RetryPolicy) -> Path:
    """Return the file in `folder`, named by its sha256; download it unless it exists."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.sha256
    # Two stages may need the same file: the second waits, and finds it.
    with FileLock(folder / f"{file.sha256}.lock"):
        if not _is_valid(target, file):
            part = target.with_suffix(".part")
            _complete(file, part, retry_policy)
            part.replace(target)
    return target


def _is_valid(path: Path, file: RemoteFile) -> bool:
    return path.is_file() and artifacts.sha256_file(path) == file.sha256


def _complete(file: RemoteFile, part: Path, retry_policy: RetryPolicy) -> None:
    """Download to `part` and verify it; if a resumed file is wrong, start again from zero."""
    for resumed in (_size(part) > 0, False):
        _fill(file, part, retry_policy)
        actual = artifacts.sha256_file(part)
        if actual == file.sha256:
            return
        size = _size(part)
        part.unlink()
        if not resumed:
            raise FoursplitError(
                f"{file.url}: wrong bytes: expected sha256 {file.sha256} ({file.bytes} bytes), "
                f"found {actual} ({size} bytes). The published file has changed; a mirror "
                "(FOURSPLIT_MIRROR) can provide the original."
            )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _fill(file: RemoteFile, part: Path, retry_policy: RetryPolicy) -> None:
    """Retry until `part` has its full length."""
    import requests

    failures, reason = 0, ""
    with (
        requests.Session() as session,
        DownloadProgress(Path(file.path).name, file.bytes) as progress,
    ):
        for _ in range(retry_policy.max_attempts):
            before = _size(part)
            if before == file.bytes:
                return
            try:
                _receive(session, file, part, retry_policy, progress)
                return
            except _ConnectionBroken as error:
                failures = failures + 1 if _size(part) <= before else 1
                reason = str(error)
                if failures >= retry_policy.attempts:
                    break
            time.sleep(retry_policy.backoff_s(failures))
    raise FoursplitError(
        f"{file.url}: download failed: {reason} ({failures} tries in a row without progress). "
        f"{_size(part)} of {file.bytes} bytes are kept; run again to resume."
    )


def _receive(
    session: Any,
    file: RemoteFile,
    part: Path,
    retry_policy: RetryPolicy,
    progress: DownloadProgress,
) -> None:
    """Request the missing bytes and append them; raise _ConnectionBroken if a retry may help."""
    offset = _size(part)
    # Identity: a server that compresses would send other bytes than those published.
    headers = {"Accept-Encoding": "identity", "User-Agent": "foursplit"}
    headers |= {"Range": f"bytes={offset}-"} if offset else {}
    timeouts = (retry_policy.connect_timeout_s, retry_policy.read_timeout_s)
    with (
        _classified_errors(file),
        session.get(file.url, headers=headers, timeout=timeouts, stream=True) as response,
    ):
        offset = _start_position(response, file, part, offset)
        progress.update(offset)
        with part.open("r+b" if offset else "wb") as out:
            out.seek(offset)
            out.truncate()
            for chunk in _read_chunks(response.raw, retry_policy):
                offset += len(chunk)
                if offset > file.bytes:
                    break
                _write(out, chunk, part)
                progress.update(offset)
    if offset > file.bytes:
        part.unlink()
        raise FoursplitError(f"{file.url}: wrong length: more than {file.bytes} bytes")
    if offset < file.bytes:
        raise _ConnectionBroken(f"the connection ended at {offset} bytes")


@contextmanager
def _classified_errors(file: RemoteFile) -> Iterator[None]:
    """Raise _ConnectionBroken for errors that a retry may fix, FoursplitError for others."""
    import requests
    import requests.exceptions as errors
    from urllib3.exceptions import HTTPError

    try:
        yield
    except requests.TooManyRedirects as error:
        raise FoursplitError(f"{file.url}: too many redirects ({error})") from error
    except (errors.InvalidURL, errors.InvalidSchema, errors.MissingSchema) as error:
        raise FoursplitError(f"{file.url}: not a valid URL ({error})") from error
    except (requests.RequestException, HTTPError, OSError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # about a local file, such as a full disk: the CLI reports it
        raise _ConnectionBroken(_reason(error)) from error


def _start_position(response: Any, file: RemoteFile, part: Path, offset: int) -> int:
    """Return the position of the response's first byte; raise for an unusable response."""
    status = response.status_code
    if status in RETRYABLE_STATUS:
        raise _ConnectionBroken(f"the server answers {status} {response.reason}")
    if status == 416 and offset:
        part.unlink()  # the server's file is shorter
        raise _ConnectionBroken("the server has no more bytes, and the partial file is wrong")
    if status not in (200, 206):
        raise FoursplitError(f"{file.url}: the server answers {status} {response.reason}")
    start = 0
    if status == 206:
        content_range = response.headers.get("Content-Range", "")
        if not content_range.startswith(f"bytes {offset}-"):
            raise FoursplitError(
                f"{file.url}: asked for bytes {offset}, got Content-Range {content_range!r}"
            )
        start = offset
    length = response.headers.get("Content-Length")
    if length is not None and length.isdigit() and start + int(length) != file.bytes:
        raise FoursplitError(
            f"{file.url}: wrong length: {start + int(length)} bytes, expected {file.bytes}"
        )
    return start


def _read_chunks(raw: Any, retry_policy: RetryPolicy) -> Iterator[bytes]:
    """Yield bytes as they arrive; raise _ConnectionBroken if the connection is too slow."""
    start, n_received = time.monotonic(), 0
    # read1 returns the bytes that have arrived; read would wait for a whole chunk.
    while chunk := raw.read1(CHUNK_BYTES, decode_content=False):
        yield chunk
        n_received += len(chunk)
        seconds = time.monotonic() - start
        if seconds > retry_policy.min_speed_window_s:
            if n_received < retry_policy.min_bytes_per_s * seconds:
                raise _ConnectionBroken(f"only {n_received / seconds:.0f} bytes a second")
            start, n_received = time.monotonic(), 0


def _write(out: IO[bytes], chunk: bytes, part: Path) -> None:
    try:
        out.write(chunk)
    except OSError as error:
        # Python does not name the file, and a connection error would look the same.
        raise OSError(error.errno, error.strerror, str(part)) from error


def _reason(error: BaseException) -> str:
    """Return the type and text of an error's root cause."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {error}"

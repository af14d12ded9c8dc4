"""Any server behaviour gives a valid file, or a clear error and no file."""

import hashlib
import multiprocessing
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.download import server as http
from tests.data.download.server import Server

from foursplit.core.errors import FoursplitError
from foursplit.data.download.catalogue import RemoteFile
from foursplit.data.download.download import download
from foursplit.data.download.progress import DownloadProgress
from foursplit.data.download.retry import RetryPolicy

CONTENT = random.Random(5).randbytes(300_000)

QUICK = RetryPolicy(
    attempts=3,
    connect_timeout_s=1,
    read_timeout_s=0.3,
    min_bytes_per_s=1000,
    min_speed_window_s=0.3,
    initial_backoff_s=0.001,
    max_backoff_s=0.002,
)


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve():
    running = []

    def start(*script):
        running.append(Server(CONTENT, *script))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def file_at(url, content=CONTENT):
    digest = hashlib.sha256(content).hexdigest()
    return RemoteFile(path="set/file.bin", url=url, sha256=digest, bytes=len(content))


def assert_refused(server, folder, match, retry_policy=QUICK):
    """Check that a download raises with the URL and leaves no file."""
    file = file_at(server.url)
    with pytest.raises(FoursplitError, match=match) as raised:
        download(file, folder, retry_policy)
    assert server.url in str(raised.value)
    assert not (folder / file.sha256).exists()


def test_a_file_is_downloaded_once(serve, tmp_path):
    server = serve(http.whole)
    path = download(file_at(server.url), tmp_path, QUICK)
    assert path.read_bytes() == CONTENT
    assert download(file_at(server.url), tmp_path, QUICK) == path
    assert server.asked == [""]


@given(cuts=st.lists(st.integers(0, len(CONTENT) - 1), max_size=8))
@settings(max_examples=25, deadline=None)
def test_connections_cut_at_any_byte_end_in_a_valid_file(cuts, tmp_path_factory):
    # Each cut connection brings at least one byte, so that the tries suffice.
    server = Server(CONTENT, *(http.cut(max(n, 1)) for n in cuts), http.whole)
    try:
        path = download(file_at(server.url), tmp_path_factory.mktemp("d"), QUICK)
        assert path.read_bytes() == CONTENT
    finally:
        server.stop()


def test_a_cut_connection_resumes_where_it_broke(serve, tmp_path):
    server = serve(http.cut(100_000), http.cut(50_000), http.whole)
    assert download(file_at(server.url), tmp_path, QUICK).read_bytes() == CONTENT
    assert server.asked == ["", "bytes=100000-", "bytes=150000-"]


def test_a_killed_download_is_resumed(serve, tmp_path):
    server = serve(http.whole)
    file = file_at(server.url)
    (tmp_path / f"{file.sha256}.part").write_bytes(CONTENT[:200_000])
    assert download(file, tmp_path, QUICK).read_bytes() == CONTENT
    assert server.asked == ["bytes=200000-"]


def test_a_server_without_ranges_starts_again(serve, tmp_path):
    server = serve(http.cut(100_000), http.no_range)
    assert download(file_at(server.url), tmp_path, QUICK).read_bytes() == CONTENT


def test_a_wrong_partial_file_is_downloaded_again_from_the_start(serve, tmp_path):
    server = serve(http.whole)
    file = file_at(server.url)
    (tmp_path / f"{file.sha256}.part").write_bytes(b"x" * 1000)
    assert download(file, tmp_path, QUICK).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-", ""]


@pytest.mark.parametrize("code", [500, 503, 429])
def test_a_temporary_failure_is_retried(serve, tmp_path, code):
    server = serve(http.status(code), http.status(code), http.whole)
    assert download(file_at(server.url), tmp_path, QUICK).read_bytes() == CONTENT


def test_a_lasting_failure_raises_after_three_tries(serve, tmp_path):
    server = serve(http.status(500))
    assert_refused(server, tmp_path, "the server answers 500.*3 tries in a row")
    assert len(server.asked) == 3


def test_a_missing_file_is_not_requested_twice(serve, tmp_path):
    server = serve(http.status(404))
    assert_refused(server, tmp_path, "the server answers 404")
    assert len(server.asked) == 1


def test_wrong_bytes_raise_with_both_hashes(serve, tmp_path):
    wrong = bytes(len(CONTENT))
    server = serve(http.instead(wrong))
    expected, actual = (hashlib.sha256(c).hexdigest() for c in (CONTENT, wrong))
    assert_refused(server, tmp_path, f"wrong bytes: expected sha256 {expected}.*found {actual}")
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("n", [10, len(CONTENT) + 10])
def test_a_wrong_length_raises_before_the_bytes_are_read(serve, tmp_path, n):
    server = serve(http.instead(bytes(n)))
    assert_refused(server, tmp_path, f"wrong length: {n} bytes, expected {len(CONTENT)}")


def test_a_response_that_ends_early_is_not_complete(serve, tmp_path):
    assert_refused(serve(http.chunked(7000)), tmp_path, "the connection ended at 7000 bytes")


def test_a_response_that_is_too_long_is_cut_off(tmp_path):
    server = Server(CONTENT * 3, http.chunked(3 * len(CONTENT)))
    assert_refused(server, tmp_path, "wrong length: more than")
    assert list(tmp_path.glob("*.part")) == []
    server.stop()


def test_a_redirect_loop_ends(serve, tmp_path):
    assert_refused(serve(http.status(302, Location="/file")), tmp_path, "too many redirects")


def test_a_redirect_is_followed(serve, tmp_path):
    server = serve(http.status(302, Location="/other"), http.whole)
    assert download(file_at(server.url), tmp_path, QUICK).read_bytes() == CONTENT


def test_a_slow_connection_is_closed_and_a_faster_one_finishes(serve, tmp_path):
    server = serve(http.dripping(0.05), http.whole)
    assert download(file_at(server.url), tmp_path, QUICK).read_bytes() == CONTENT
    assert len(server.asked) == 2
    assert server.asked[1] != ""


def test_a_server_that_stays_slow_raises(serve, tmp_path):
    few = RetryPolicy(
        attempts=3,
        read_timeout_s=1,
        min_bytes_per_s=1000,
        min_speed_window_s=0.1,
        initial_backoff_s=0.001,
        max_attempts=3,
    )
    assert_refused(serve(http.dripping(0.02)), tmp_path, "bytes a second", few)


def test_a_silent_server_times_out(serve, tmp_path):
    assert_refused(serve(http.silent(2)), tmp_path, "timed out")


def test_a_server_that_is_gone_is_named_and_received_bytes_stay(tmp_path):
    server = Server(CONTENT, http.cut(1000))
    file = file_at(server.url)
    part = tmp_path / f"{file.sha256}.part"
    part.write_bytes(CONTENT[:1000])
    server.stop()
    assert_refused(server, tmp_path, "1000 of 300000 bytes are kept; run again")
    assert part.read_bytes() == CONTENT[:1000]


def test_an_address_that_is_none_is_assert_refused(tmp_path):
    for url in ("ftp://localhost/x", "nowhere", "http://"):
        with pytest.raises(FoursplitError, match="not a valid URL"):
            download(file_at(url), tmp_path, QUICK)


def fetch_in_a_process(url, folder):
    download(file_at(url), Path(folder), RetryPolicy())


def test_processes_that_need_one_file_download_it_once(serve, tmp_path):
    server = serve(http.dripping(0.002, 10_000))
    context = multiprocessing.get_context("spawn")
    running = [
        context.Process(target=fetch_in_a_process, args=(server.url, str(tmp_path)))
        for _ in range(3)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
        assert process.exitcode == 0
    assert server.asked == [""]
    assert (tmp_path / file_at(server.url).sha256).read_bytes() == CONTENT


def test_the_line_shows_bytes_speed_and_time_left(monkeypatch):
    progress = DownloadProgress("big.bin", 4_000_000)
    progress.first = (10.0, 0)
    # 1 MB in 2 s: half a megabyte a second, and 3 MB take six more.
    line = progress.text(1_000_000, 12.0)
    assert "1.0 of 4.0 MB · 0.5 MB/s · 6 s left" in line


def test_the_speed_of_a_resumed_download_counts_new_bytes_only():
    progress = DownloadProgress("big.bin", 4_000_000)
    progress.first = (10.0, 3_000_000)
    assert "0.5 MB/s · 1 s left" in progress.text(3_500_000, 11.0)

"""What `make` says while it installs: from the first second, in one line of 80 columns."""

import functools
import http.server
import os
import pty
import re
import subprocess
import sys
import threading
import zipfile

import pytest
from docs.install_packages import WIDTH, Progress, installed, pinned, with_raw_progress
from hypothesis import given
from hypothesis import strategies as st

SCRIPT = "docs/install_packages.py"


def run(root, command, **streams):
    (root / "some.lock").write_text("pytest==1\nno-such-package==2\n")
    command = [*command, "-r", str(root / "some.lock")]
    return subprocess.Popen(
        [sys.executable, str(streams.pop("script")), *command],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
        **streams,
    )


@pytest.fixture
def script(request):
    return request.config.rootpath / SCRIPT


@pytest.fixture
def installer(tmp_path):
    """Give a stand-in that says what an installer says, and ends as it is asked to."""

    def make(code=0, wait=0.0):
        path = tmp_path / "installer.py"
        path.write_text(
            "import sys, time\n"
            "print('Collecting numpy==2.4.6')\n"
            "print('  Downloading numpy-2.4.6-cp311-cp311-manylinux.whl (16.6 MB)', flush=True)\n"
            "print('Progress 1000000 of 16600000', flush=True)\n"
            f"time.sleep({wait})\n"
            "print('Progress 16600000 of 16600000')\n"
            "print('Installing collected packages: numpy')\n"
            "print('ERROR: the reason')\n"
            f"sys.exit({code})\n"
        )
        return [sys.executable, str(path)]

    return make


def test_the_first_words_come_at_once_and_the_last_count_all(tmp_path, script, installer):
    process = run(
        *(tmp_path, installer()), script=script, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    out, err = process.communicate(timeout=30)
    lines = err.splitlines()
    assert process.returncode == 0
    assert re.fullmatch(r"environment · 1 of 2 packages · 0 s", lines[0])
    assert "17 MB" in lines[-1]
    assert "unpacking" in lines[-1]
    assert out == ""


def test_a_terminal_of_80_columns_shows_one_line_that_is_written_again(tmp_path, script, installer):
    ours, theirs = pty.openpty()
    process = run(tmp_path, installer(wait=0.7), script=script, stderr=theirs, stdout=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        seen += part
    assert process.wait(30) == 0
    shown = [text for text in re.split(r"\r\x1b\[K|\r\n", seen.decode()) if text]
    assert any("downloading numpy" in text and "1 MB" in text for text in shown)
    assert all(len(text) <= 79 for text in shown)
    assert seen.count(b"\n") == 1


def test_a_failure_says_why_and_ends_with_the_installers_code(tmp_path, script, installer):
    process = run(tmp_path, installer(code=3), script=script, stderr=subprocess.PIPE)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "ERROR: the reason" in err
    assert "install.log" in err


def wheel(folder, name, size):
    """Write a package of random bytes, which cannot be packed smaller."""
    path = folder / f"{name}-1-py3-none-any.whl"
    about = f"{name}-1.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", "")
        file.writestr(f"{name}.bin", os.urandom(size))
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        file.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{about}/RECORD", "")
    return path


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_what_pip_itself_says_is_understood(tmp_path, script):
    index = tmp_path / "index"
    index.mkdir()
    for name in ("first", "second"):
        wheel(index, name, 2_000_000)
    handler = functools.partial(Quiet, directory=str(index))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [
            *(sys.executable, "-m", "pip", "install", "--no-index", "--no-cache-dir"),
            *("--target", str(tmp_path / "site")),
            *("--find-links", f"http://127.0.0.1:{server.server_port}/", "first==1", "second==1"),
        ]
        process = subprocess.Popen(
            [sys.executable, str(script), *command], stderr=subprocess.PIPE, text=True
        )
        _, err = process.communicate(timeout=60)
        server.shutdown()
    assert process.returncode == 0, err
    assert err.startswith("environment · 0 of 2 packages · 0 s\n")
    assert err.splitlines()[-1].startswith("environment: unpacking · 0 of 2 packages · 4 MB · ")


NUMBERS = st.integers(0, 10**12)


@given(st.lists(st.text(), max_size=5), NUMBERS, st.integers(0, 10**4), st.floats(0, 1e6))
def test_no_output_of_an_installer_makes_the_line_too_long(lines, current, installed, seconds):
    progress = Progress()
    for line in [*lines, f"  Downloading {'x' * 300}-1.whl (1 MB)", f"Progress {current} of 5"]:
        progress.read(line)
    assert len(progress.text(installed, 163, seconds)) <= WIDTH


def test_what_a_command_pins_is_read_from_its_files_and_those_they_name(tmp_path):
    (tmp_path / "inner.lock").write_text("Numpy==2\n# scipy==1\n")
    (tmp_path / "outer").write_text("-r inner.lock\na_B.c==1 \\\n    --hash=sha256:1==\n")
    found = pinned(["pip", "install", "-r", str(tmp_path / "outer"), "torch==2.1"])
    assert found == {"numpy", "a-b-c", "torch"}


def test_an_installed_package_is_found_however_its_name_is_spelt(tmp_path):
    for name in ("Great_Expectations-1.2.dist-info", "ruamel.yaml-0.1.dist-info", "numpy"):
        (tmp_path / name).mkdir()
    assert installed(tmp_path) == {"great-expectations", "ruamel-yaml"}


@pytest.mark.parametrize(("version", "knows"), [("23.2.1", False), ("24.1", True), ("25.3", True)])
def test_a_pip_that_does_not_know_the_option_is_not_given_it(tmp_path, version, knows):
    (tmp_path / f"pip-{version}.dist-info").mkdir()
    command = ["python", "-m", "pip", "install", "-r", "some.hashes"]
    given = with_raw_progress(command, tmp_path)
    assert ("--progress-bar" in given) == knows
    assert [part for part in given if part not in ("--progress-bar", "raw")] == command
    uv = ["uv", "pip", "install", "-r", "some.hashes"]
    assert with_raw_progress(uv, tmp_path) == uv


def test_make_says_what_it_installs(script):
    makefile = (script.parents[1] / "Makefile").read_text()
    assert SCRIPT in makefile

"""Printing ends no command: whatever the terminal knows, and whoever has stopped reading."""

import io
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.cli import printing

ENCODINGS = ("ascii", "latin-1", "cp1252", "cp437", "koi8-r", "utf-8")


@pytest.fixture(autouse=True)
def _streams(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))


def printed(text, encoding):
    """Print as a terminal of this encoding shows it."""
    raw = io.BytesIO()
    sys.stdout = io.TextIOWrapper(raw, encoding=encoding)
    printing.prepare()
    sys.stdout.write(text)
    sys.stdout.flush()
    return raw.getvalue().decode(encoding)


@given(st.text(), st.sampled_from(ENCODINGS))
def test_any_text_is_printed_and_what_the_terminal_knows_stays(text, encoding):
    before = sys.stdout
    try:
        shown = printed(text, encoding)
    finally:
        sys.stdout = before
    kept = "".join(sign for sign in text if _fits(sign, encoding))
    at = iter(shown)
    assert all(sign in at for sign in kept)  # in this order
    if kept == text:
        assert shown.replace("\r", "") == text.replace("\r", "")


def _fits(sign, encoding):
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return sign not in "\r\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("train 1 · dev 2 → 3", "train 1 - dev 2 -> 3"),
        ("3 – 5 …", "3 - 5 ..."),
        ("é ≤ 2²", "e <= 22"),
        ("\udcff.csv", "\\xff.csv"),
        ("日", "?"),
    ],
)
def test_what_cannot_be_shown_is_written_in_plain_letters(text, shown):
    assert printed(text, "ascii") == shown


CODE = """
import click, sys
from rich.console import Console
from foursplit.cli.main import main

@main.command()
def say():
    click.echo("one · 1")
    Console(soft_wrap=True).print("two → 2")
    click.echo("three … 3", err=True)
    for number in range(20000):
        click.echo(f"line {number} ·")
    open("written", "w").close()

main(["say"])
"""


def start(folder, **env):
    return subprocess.Popen(
        [sys.executable, "-c", CODE],
        cwd=folder,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(("encoding", "dot"), [("ascii", b"-"), ("latin-1", b"\xb7")])
def test_the_command_and_its_libraries_print_on_any_terminal(tmp_path, encoding, dot):
    process = start(tmp_path, PYTHONIOENCODING=encoding)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert out.startswith(b"one %b 1\ntwo -> 2\n" % dot)
    assert errors == b"three ... 3\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_leaves_ends_nothing(tmp_path, stream):
    process = start(tmp_path)
    other = {"stdout": process.stderr, "stderr": process.stdout}[stream]
    getattr(process, stream).close()
    with other:
        assert b"Traceback" not in other.read()
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "written").exists()

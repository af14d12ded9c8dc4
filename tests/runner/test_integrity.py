"""What the cache gives back is what its hash says, or it counts as not there."""

import json
import os
import shutil
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stages side by side need Linux")

STAGES = """
  a: {cmd: "date +%N > ran; cp start.txt a.out", deps: [start.txt], outs: [a.out]}
  c:
    cmd: [mkdir -p c.out/deep, cp a.out c.out/deep/one, "echo 2 > c.out/two"]
    deps: [a.out]
    outs: [c.out]
  d:
    cmd: "cat c.out/two > d.out && echo '{\\"x\\": 1}' > m.json"
    deps: [c.out]
    outs: [d.out]
    metrics: [m.json: {cache: false}]
"""


def truncated(path):
    path.chmod(0o644)
    path.write_bytes(b"")
    path.chmod(0o444)


def another_digit(path):
    """Change a byte, and neither size nor time."""
    match = path.stat()
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    path.chmod(0o444)
    os.utime(path, ns=(match.st_atime_ns, match.st_mtime_ns))


def made(small):
    small.write(STAGES).repro()
    return {out["path"]: out["md5"] for entry in small.locks().values() for out in entry["outs"]}


def place(small, md5):
    return small.folder / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]


def part_of(small, md5, name):
    """Name the object of a file in a folder."""
    return next(
        place(small, one["md5"])
        for one in json.loads(place(small, md5).read_text())
        if one["relpath"] == name
    )


def objects(small):
    """Give the objects of each kind: a file's, a folder's list, a file in one, a metric's."""
    entries = made(small)
    return {
        "a.out": place(small, entries["a.out"]),
        "c.out": place(small, entries["c.out"]),
        "c.out/two": part_of(small, entries["c.out"], "two"),
        "m.json": place(small, entries["m.json"]),
    }


def contents(small):
    files = ["a.out", "c.out/deep/one", "c.out/two", "d.out", "m.json"]
    return [(small.folder / name).read_text() for name in files]


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("a.out", truncated),
        ("c.out", another_digit),
        ("c.out/two", truncated),
        ("m.json", another_digit),
    ],
)
def test_a_damaged_object_is_never_restored_and_is_whole_after_the_run(small, name, spoil):
    path = objects(small)[name]
    locks, before = small.locks(), contents(small)
    spoil(path)
    remove(small.folder / name.partition("/")[0])
    output = small.repro()
    assert "1 ran" in output
    assert contents(small) == before
    assert small.locks() == locks
    assert "were read" in small.run("foursplit", "verify", "--here")


def test_an_earlier_run_is_taken_only_whole(small):
    """From the run-cache, after a change that was taken back."""
    made(small)
    before = contents(small)
    (small.folder / "start.txt").write_text("other\n")
    small.repro()
    (small.folder / "start.txt").write_text("start\n")
    (one,) = [
        path
        for path in (small.folder / ".dvc/cache/files/md5").rglob("*")
        if path.is_file() and path.read_text() == "start\n"
    ]
    another_digit(one)
    output = small.repro()
    assert "1 ran, 2 restored" in output
    assert one.read_text() == "start\n"  # written by what ran, for the others as well
    assert contents(small) == before

"""Whatever a person put under data/ or reports/ is there after every command."""

import contextlib
import copy
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reporting.miniature import PARAMS
from tests.runner import outputs

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.runner import stage_outputs
from foursplit.runner.remove_orphans import FOLDERS, remove_orphans, report_lines

KINDS = ("file", "folder", "link", "dangling", "up")

STAGES = {
    "fetch": "wine", "validate": "wine", "split": "wine", "train": "wines_good",
    "evaluate": "wines_good", "select": "wines", "final": "wines", "report": "",
}  # fmt: skip

PLACES = [
    *(f"data/{name}" for name in FOLDERS),
    *(f"data/full/{name}" for name in FOLDERS),
    "data",
    "data/own",
    "data/tags",
    "reports",
    "reports/experiments",
    "reports/lessons",
    "data/raw/wine",
    "data/raw/wine/seed_1",
    "data/valid/wine",
    "data/split/wine",
    "data/split/wine/seen",
    "data/models/wines",
    "data/models/wines/wines_good",
    "data/models/wines/wines_good/seed_1",
    "data/predictions/wines/wines_bad",
    "data/final/wines",
    "data/curves/wines",
    "data/models/gone",
    "data/models/gone/gone_key",
    "data/raw/gone",
    "data/split/gone/seen",
]

NAMES = st.sampled_from(
    ["notes", "notes.txt", "seed_9", "table.csv", "diagnosis.json", "wine", "wines", "wines.json",
     ".hidden", "a b", "ä", "-rf", "*", "x.part", ".x.part", ".x.before.part",
     ".seen.abcdefgh.part", ".x.download.part", "two\nlines", "gone", "gone_key",
     "index.html"]
)  # fmt: skip
TEXTS = st.sampled_from([b"", b"mine", b"wine", b"wines_good", b'"wine"', b"\xff\x00"])
THINGS = st.tuples(
    st.sampled_from(PLACES),
    NAMES,
    st.sampled_from(KINDS),
    TEXTS,
)


def put(root, outside, place, name, kind, content):
    """Put one thing of a person where it does not take the place of anything; say where."""
    path = root / place / name
    if os.path.lexists(path) or any(p.is_symlink() for p in path.parents):
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):  # a person's file is there
        return None
    if kind == "file":
        path.write_bytes(content)
    elif kind == "folder":
        (path / "inner").mkdir(parents=True)
        (path / "inner" / "file.bin").write_bytes(content)
        return path / "inner" / "file.bin"
    else:
        to = {"link": outside, "dangling": outside / "nothing", "up": root / "data"}[kind]
        path.symlink_to(to)
    return path


def seen(path):
    return ("link", path.readlink()) if path.is_symlink() else ("file", path.read_bytes())


def every_command(root):
    """Call in turn all that can delete: looks, runs, and each stage by itself."""
    params = load()
    tree_before = outputs.tree(root, but=(".foursplit",))
    list(report_lines(remove_orphans(params, dry=True), dry=True))
    assert outputs.tree(root, but=(".foursplit",)) == tree_before, "a look changed something"
    list(report_lines(remove_orphans(params)))
    for stage, key in STAGES.items():
        with contextlib.suppress(FoursplitError), stage_outputs.tracked_outputs(stage, key, params):
            for place in stage_outputs.output_paths(stage, key, params):
                outputs.fill(place, "new")
    list(report_lines(remove_orphans(params)))


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "disk"
    (folder / "wine").mkdir(parents=True)
    (folder / "wine" / "table.csv").write_text("another project's")
    (folder / "theirs.txt").write_text("theirs")
    (folder / ".x.foursplit.part").write_text("theirs")
    return folder


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path / "project"))
    monkeypatch.delenv("FOURSPLIT_BOOK", raising=False)
    paths.root.cache_clear()
    (tmp_path / "project").mkdir()
    yield tmp_path / "project"
    paths.root.cache_clear()


def with_orphans(root):
    """Give a project that lately had one group and one dataset more."""
    params = copy.deepcopy(PARAMS)
    params["datasets"]["mushroom"] = copy.deepcopy(params["datasets"]["wine"])
    group = {"dataset": "mushroom", "task": "classify", "metric": "error"}
    params["groups"]["supervised"]["gone"] = group
    experiment = copy.deepcopy(params["experiments"]["supervised"]["wines_good"])
    params["experiments"]["supervised"]["gone_key"] = {
        **experiment,
        "dataset": "mushroom",
        "group": "gone",
    }
    every = outputs.make(root, params)
    remaining = outputs.make(root)
    return sorted({*every} - {*remaining})


def test_each_kind_of_thing_stays_in_each_place(root, outside):
    """The same as the law below, by one example that is quick."""
    with_orphans(root)
    own_files = {}
    for place in PLACES:
        for kind in KINDS:
            path = put(root, outside, place, f"a_{kind}", kind, b"mine")
            if path is not None:
                own_files[path] = seen(path)
    assert len(own_files) == len(PLACES) * len(KINDS)
    foreign_files = outputs.tree(outside)
    every_command(root)
    assert outputs.tree(outside) == foreign_files
    assert {path: seen(path) for path in own_files if os.path.lexists(path)} == own_files


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(things=st.lists(THINGS, min_size=1, max_size=25), fresh=st.booleans())
def test_nothing_foreign_changes(root, outside, things, fresh):
    outputs.empty(root)
    if fresh:  # nothing ever ran: a person may have filled a stage's own place
        outputs.parameters(root)
    else:
        with_orphans(root)
    own_files = {}
    for thing in things:
        path = put(root, outside, *thing)
        if path is not None:
            own_files[path] = seen(path)
    foreign_files = outputs.tree(outside)
    every_command(root)
    assert outputs.tree(outside) == foreign_files
    for path, content in own_files.items():
        assert os.path.lexists(path), f"{path} is gone"
        assert seen(path) == content


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.sampled_from(
        [
            "data",
            "data/raw",
            "data/raw/wine",
            "data/models",
            "data/models/wines",
            "data/final",
            "data/final/wines",
            "data/selected/wines.json",
            "reports",
            "data/models/gone",
        ]
    ),
    inner=st.sampled_from(["wine", "gone", "notes.txt", "wines/wines_good/x"]),
)
def test_a_link_is_neither_followed_nor_removed(root, outside, at, inner):
    """A link may stand for a folder of outputs: what was never ours behind it stays."""
    outputs.empty(root)
    with_orphans(root)
    path = root / at
    place = outside / "linked"
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        outputs.empty(place)
        place.rmdir()
    if path.is_dir():
        path.rename(place)
        (place / inner).parent.mkdir(parents=True, exist_ok=True)
        if not (place / inner).exists():
            (place / inner).write_text("mine")
    else:
        path.rename(place.with_suffix(".json"))
        place = place.with_suffix(".json")
    path.symlink_to(place)
    foreign_files = outputs.tree(outside, but=("linked",))
    own_files = place.is_dir() and (place / inner).is_file()
    every_command(root)
    assert path.is_symlink()
    assert path.readlink() == place
    assert outputs.tree(outside, but=("linked",)) == foreign_files
    assert not own_files or (place / inner).read_text() == "mine"


def test_orphans_that_can_be_given_back_go(root):
    removed = with_orphans(root)
    report = remove_orphans(load(), dry=True)
    assert all(place.exists() for place in removed)
    assert report.orphans
    assert all(any(p.is_relative_to(o) for p in removed) for o in report.orphans)
    assert remove_orphans(load()).foreign == []
    assert not any(
        place.exists() for place in removed if not place.is_relative_to(root / "reports")
    )
    assert not (root / "data" / "models" / "gone").exists()
    assert remove_orphans(load()) == remove_orphans(load())


@pytest.mark.parametrize("harm", ["edited", "added", "cache gone", "cache rotten", "no lock"])
def test_an_orphan_that_cannot_be_given_back_stays(root, harm):
    with_orphans(root)
    place = root / "data" / "models" / "gone" / "gone_key"
    table = place / "seed_1" / "table.csv"
    cache = root / ".dvc" / "cache" / "files" / "md5"
    if harm == "edited":
        stamp = table.stat()
        table.write_text(table.read_text()[::-1])
        os.utime(table, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    elif harm == "added":
        (place / "notes.txt").write_text("read me")
    elif harm == "no lock":
        (root / "pipelines" / "all" / "dvc.lock").write_text("stages: {}")
    else:
        for path in [p for p in cache.rglob("*") if p.is_file()]:
            if path.read_bytes() == table.read_bytes():
                path.unlink() if harm == "cache gone" else path.write_bytes(b"")
    tree_before = outputs.tree(place)
    report = remove_orphans(load())
    assert outputs.tree(place) == tree_before
    assert any(path.is_relative_to(root / "data" / "models" / "gone") for path in report.foreign)


def test_what_changes_the_reports_lock_is_said(root):
    outputs.make(root)
    (root / "data" / "final" / "board.pptx").write_text("slides")
    (root / "data" / "raw" / "survey.csv").write_text("a,b")
    messages = {line.split(":")[0]: line for line in report_lines(remove_orphans(load()))}
    assert "clean clone" in messages["data/final/board.pptx"]
    assert "clean clone" not in messages["data/raw/survey.csv"]


def test_many_foreign_files_are_counted(root):
    outputs.make(root)
    for number in range(50):
        (root / "data" / "raw" / f"{number}.csv").write_text("a")
    messages = list(report_lines(remove_orphans(load())))
    assert len(messages) == 11
    assert "40" in messages[-1]

"""What went from params.yaml goes from data/, if it can be given back, and nothing else does."""

import json
import os
import subprocess

import pytest
from tests.runner import outputs

from foursplit.config.load import load
from foursplit.io.artifacts import PARTIAL_SUFFIX
from foursplit.runner.remove_orphans import remove_orphans


@pytest.fixture
def data(project):
    return project / "data"


def made(*places):
    for place in places:
        outputs.fill(place, place.name)
        outputs.commit(place)


def test_orphans_go_and_the_rest_stays(data):
    foreign = [
        "raw/wine", "models/c4w2_digits/c4w2_digits_lenet", "predictions/c4w2_digits/x",
        "final/c4w2_digits", "selected/c4w2_digits.json", "curves/c4w2_digits/c4w2_digits_mlp.csv",
        "curves/c4w2_digits/c4w2_digits_mlp.json", "lessons/gradient_descent.json",
        "searches/c2w3_moons_search.csv",
        "full/raw/mnist_usps", "full/models/c4w2_mnist_usps/c4w2_mnist_usps_lenet",
    ]  # fmt: skip
    orphans = [
        "raw/iris", "models/c4w2_digits/c4w2_digits_old", "models/gone/gone_key", "final/gone",
        "curves/gone/gone_key.csv", "selected/gone.json", "lessons/gradient_ascent.json",
        "searches/gone.json",
        "split/iris/seen", "split/iris/report.json", "predictions/c4w2_digits/c4w2_digits_old",
        "curves/c4w2_digits/c4w2_digits_lenet.json", "full/raw/usps_mnist", "full/split/wine/seen",
        "full/models/c4w2_mnist_usps/c4w2_mnist_usps_old",
    ]  # fmt: skip
    made(*(data / name for name in [*foreign, *orphans]))
    (data / "predictions" / "c4w2_digits" / "x").rename(
        data / "predictions" / "c4w2_digits" / "c4w2_digits_mlp"
    )
    for name in ("own/mine.csv", "curves/.gitkeep", "lessons/.gitkeep", "searches/.gitkeep"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("")
    report = remove_orphans(load())
    assert report.foreign == []
    assert {str(path.relative_to(data)) for path in report.orphans} == {*orphans}
    assert not any((data / name).exists() for name in orphans)
    assert not (data / "models" / "gone").exists()
    assert all((data / name).exists() for name in foreign if not name.endswith("/x"))
    assert all((data / name).exists() for name in ("own/mine.csv", "curves/.gitkeep"))


def test_what_only_the_run_cache_names_is_ours_too(project, data):
    """After a change of branch no lock file names what the other branch had."""
    made(data / "models" / "gone" / "gone_key")
    lock = project / "pipelines" / "all" / "dvc.lock"
    _, _, entry = lock.read_text().partition("outs:\n")
    lock.unlink()
    assert [path.name for path in remove_orphans(load(), dry=True).foreign] == ["gone"]
    place = project / ".dvc" / "cache" / "runs" / "ab" / "abc" / "abc"
    place.parent.mkdir(parents=True)
    text = "\n".join(line.removeprefix("    ") for line in entry.splitlines())
    place.write_text(f"cmd: foursplit train gone_key\nouts:\n{text}\n")
    assert [path.name for path in remove_orphans(load()).orphans] == ["gone_key"]


def test_a_fresh_project_has_nothing_to_tidy(project):
    report = remove_orphans(load())
    assert report.orphans == report.foreign == []


def test_what_a_killed_run_had_not_renamed_is_removed(project):
    params = load()
    names = ("seen.4000001.1a2b", "seed_1.4000001.x_9", "index.html.4000001.x", "a.4000001.b")
    remaining = [
        project / "data" / "split" / "wine" / f".{names[0]}{PARTIAL_SUFFIX}",
        project
        / "data"
        / "models"
        / "c2w3_wine"
        / "c2w3_wine_softmax"
        / f".{names[1]}{PARTIAL_SUFFIX}",
        project / "data" / "full" / "predictions" / "g" / f".{names[3]}{PARTIAL_SUFFIX}",
        project / "data" / f".code.4000001.x{PARTIAL_SUFFIX}",
        project / "data" / "full" / f".code.4000001.x{PARTIAL_SUFFIX}",
        project / "reports" / f".{names[2]}{PARTIAL_SUFFIX}",
        project / f".metrics.json.4000001.x{PARTIAL_SUFFIX}",
    ]
    for path in remaining:
        path.mkdir(parents=True)
    report = remove_orphans(params, dry=True)
    assert all(path.exists() for path in remaining)
    report = remove_orphans(params)
    assert report.orphans == report.foreign == []
    assert not any(path.exists() for path in remaining)


def test_the_only_copy_of_a_folder_is_put_back(data):
    """A kill between two renames leaves the folder of before aside, and nothing in its place."""
    aside = data / "models" / "c2w3_wine" / "c2w3_wine_softmax" / f".seed_1.before{PARTIAL_SUFFIX}"
    aside.mkdir(parents=True)
    (aside / "model").write_text("weights")
    remove_orphans(load())
    assert (aside.with_name("seed_1") / "model").read_text() == "weights"


@pytest.mark.parametrize("name", [".x.part", ".x.abcdefgh.part", "x.foursplit.part", ".part"])
def test_parts_of_others_stay(data, name):
    path = data / "raw" / name
    path.parent.mkdir(parents=True)
    path.write_text("half a download")
    remove_orphans(load())
    assert path.exists()


def test_what_another_run_is_writing_stays(project):
    part = project / "data" / "split" / "wine" / f".seen.4000001.1a2b{PARTIAL_SUFFIX}"
    by_hand = part.with_name(f".seen.{os.getppid()}.1a2b{PARTIAL_SUFFIX}")
    for path in (part, by_hand):
        path.mkdir(parents=True)
    folder = project / ".dvc" / "tmp"
    folder.mkdir(parents=True)
    writer = {"write": {"x": {"pid": os.getpid(), "cmd": "dvc repro"}}, "read": {}}
    (folder / "rwlock").write_text(json.dumps(writer))
    remove_orphans(load())
    assert part.exists()
    (folder / "rwlock").write_text(json.dumps(writer)[:20])  # torn: nobody is there to write
    remove_orphans(load())
    assert not part.exists()
    assert by_hand.exists()


def test_a_writer_that_has_ended_and_was_not_waited_for_is_gone(data):
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    part = data / "split" / "wine" / f".seen.{ended.pid}.1a2b{PARTIAL_SUFFIX}"
    part.mkdir(parents=True)
    remove_orphans(load())
    assert not part.exists()
    ended.wait()

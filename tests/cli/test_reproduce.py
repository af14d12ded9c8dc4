"""`foursplit reproduce` as a person types it, on a project whose stages take no time."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.reproduce.miniature import (
    COURSE,
    KEY,
    MODELS,
    RAW,
    SEEN,
    TABLES,
    Miniature,
    address,
    read_lock,
)

from foursplit.cli.commands import reproduce as door
from foursplit.cli.main import main
from foursplit.config import paths
from foursplit.history.past_runs import object_file
from foursplit.reproduce import clone
from foursplit.reproduce.recorded_inputs import RecordedRun

RUN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Give a miniature with one run, committed with its lock files."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.setenv("FOURSPLIT_ROOT", str(root))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    made = Miniature(root)
    made.make()
    made.commit()
    monkeypatch.setattr(door, "_dvc", made.dvc)
    return made


@pytest.fixture
def on_record(small, monkeypatch):
    """Have MLflow know the run; give a way to change what it has on record."""
    commit = small.git("rev-parse", "HEAD")
    known = RecordedRun(
        name=RUN,
        kind="run",
        experiment=KEY,
        group="letters",
        commit=commit,
        hashes={
            "weights/seed_1": small.sha256(f"{MODELS}/seed_1/model.safetensors"),
            "data/train.npy": small.sha256(f"{SEEN}/train.npy"),
        },
        environment={"device": "cpu", "threads": "1", "instruction_set": "portable"},
    )

    def change(**fields):
        monkeypatch.setattr(door, "read_recorded", lambda _name: replace(known, **fields))
        return known

    change()
    return change


def run(*arguments, code):
    done = CliRunner().invoke(main, ["reproduce", *map(str, arguments)])
    assert done.exit_code == code, done.output + str(done.exception)
    return done.output


def test_the_same_commit_gives_the_same_bytes(small, on_record, tmp_path):
    before = small.objects()
    text = run(RUN, "--json", tmp_path / "told.json", code=0)
    assert "Reproduced: 6 of 6 hashes are equal" in text
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["schema"] == "foursplit.reproduce/1"
    assert told["equal"]
    assert [row["name"] for row in told["compared"]] == [
        "data/sealed",
        "data/seen",
        "data/train.npy",
        "models",
        "tables",
        "weights/seed_1",
    ]
    assert not told["causes"]
    assert small.objects() == before
    assert small.git("status", "--porcelain") == ""


def test_the_model_is_trained_again_though_the_cache_holds_it(small, on_record):
    run(RUN, code=0)
    stages = [address(name) for name in ("validate", "split", "train", "evaluate")]
    assert small.asked == stages  # the raw files alone are taken from the cache


def test_a_past_commit_is_made_by_its_own_code(small, on_record):
    (small.root / "model.py").write_text("other code")
    small.make(("train", "evaluate"))
    small.commit()
    assert "Reproduced:" in run(RUN, code=0)
    assert "Reproduced:" in run(f"{KEY}@HEAD~1", code=0)
    assert "Reproduced:" in run(f"{KEY}@main", code=0)


def test_an_altered_record_is_told(small, on_record):
    on_record(hashes={"weights/seed_1": "f" * 64}, warnings=("its record disagrees",))
    text = run(RUN, code=6)
    assert "DIFFERS  weights/seed_1  ffffffffffff recorded" in text
    assert "Not reproduced: 1 of 5 hashes differ" in text
    assert "  - its record disagrees" in text


def test_without_a_known_cause_it_says_what_is_not_on_record(small, on_record):
    on_record(hashes={"weights/seed_1": "f" * 64})
    text = run(RUN, code=6)
    assert "all recorded inputs are equal" in text
    assert "Not compared, because not recorded: platform" in text


def test_another_device_is_named_as_the_cause(small, on_record):
    on_record(hashes={"weights/seed_1": "f" * 64}, environment={"device": "gpu: X1"})
    text = run(RUN, code=6)
    assert "device: gpu: X1 then, cpu now: another type of device rounds differently" in text
    assert small.environment["FOURSPLIT_ACCELERATOR"] == "auto"


def test_a_model_of_the_cpu_is_trained_on_the_cpu(small, on_record):
    run(RUN, code=0)
    assert small.environment["FOURSPLIT_ACCELERATOR"] == "cpu"


def test_a_lock_file_of_other_inputs_is_no_record_of_a_run(small, on_record):
    (small.root / "model.py").write_text("edited and committed, but not run")
    commit = small.commit()
    text = run(f"{KEY}@{commit}", code=6)
    assert "DIFFERS  models" in text
    assert "model.py" in text  # what the lock file was made with otherwise
    on_record(commit=commit, hashes={"data/train.npy": small.sha256(f"{SEEN}/train.npy")})
    text = run(RUN, code=0)
    assert "not compared, because the commit's lock file has other inputs: model.py" in text


def test_a_seed_that_the_commit_does_not_train_differs(small, on_record):
    on_record(hashes={"weights/seed_2": "f" * 64})
    assert "nothing was produced for weights/seed_2" in run(RUN, code=6)


def test_what_only_the_sealed_test_gives_is_not_compared(small, on_record):
    known = on_record()
    on_record(hashes={**known.hashes, "table/seed_1/test": "f" * 64})
    text = run(RUN, code=0)
    assert "not reproduced, because test stays sealed: table/seed_1/test" in text


def test_a_folder_with_changes_is_refused_unless_a_commit_holds_them(small, on_record):
    known = on_record()
    on_record(dirty=True, hashes={"weights/seed_1": "f" * 64})
    text = run(RUN, code=2)
    assert "its exact code is not in git. Pass --ignore-differences" in text
    text = run(RUN, "--ignore-differences", code=6)
    assert "uncommitted changes" in text
    on_record(dirty=True, commit=known.commit)  # tracked before its lock files were committed
    text = run(RUN, code=0)
    assert "have the same weights. Reproducing that commit." in text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"commit": None}, "no commit is recorded"),
        (
            {"commit": "f" * 40},
            "is not in this clone, which may be outdated. Run `git fetch --all`",
        ),
        ({"experiment": "letters_smal"}, "unknown experiment 'letters_smal'. Did you mean"),
    ],
)
def test_what_cannot_be_made_again_is_refused(small, on_record, fields, message):
    on_record(**fields)
    assert message in run(RUN, code=2)
    assert small.asked == []


def test_a_shallow_clone_is_told_what_brings_the_rest(small, tmp_path, monkeypatch):
    first = small.git("rev-parse", "HEAD")
    (small.root / "model.py").write_text("other code")
    small.commit()
    shallow = tmp_path / "shallow"
    source = f"file://{small.root}"
    subprocess.run(["git", "clone", "-q", "--depth", "1", source, shallow], check=True)
    monkeypatch.setenv("FOURSPLIT_ROOT", str(shallow))
    paths.root.cache_clear()
    assert "`git fetch --unshallow`" in run(f"{KEY}@{first}", code=2)


def test_an_experiment_that_was_not_trained_by_then_is_refused(small):
    (small.root / "pipelines" / "reading" / "dvc.lock").unlink()
    small.commit()
    assert f"no train@{KEY}" in run(f"{KEY}@HEAD", code=2)


def test_other_numeric_pins_are_refused_before_anything_runs(small, on_record):
    path = small.root / "requirements-numeric.lock"
    path.write_text("numpy==0.1\nno-such-package==3\n")
    on_record(commit=small.commit())
    text = run(RUN, code=2)
    assert "numpy" in text
    assert "(pinned: 0.1)" in text
    assert "no-such-package not installed (pinned: 3)" in text
    assert small.asked == []
    assert "bytes may differ" in run(RUN, "--ignore-differences", code=0)


def test_other_pins_that_decide_no_bytes_are_a_note(small, on_record):
    (small.root / "requirements.lock").write_text("-r requirements-numeric.lock\nclick==0.1\n")
    on_record(commit=small.commit())
    text = run(RUN, code=0)
    assert "installed versions differ from pins: click" in text


def test_raw_files_that_are_gone_are_replaced_by_the_examples_that_the_cache_holds(
    small, on_record
):
    (small.root / "origin.txt").unlink()
    on_record(commit=small.commit())
    assert "raw files of this project's DVC cache" in run(RUN, code=0)
    lock = read_lock(small.root / "pipelines" / "data" / "dvc.lock")
    (raw,) = lock["stages"]["fetch@alphabet"]["outs"]
    assert raw["path"] == RAW
    object_file(small.cache, raw["md5"]).unlink()
    text = run(RUN, code=0)
    assert "examples of this project's DVC cache, because the data stages failed" in text
    seen = lock["stages"]["split@alphabet"]["outs"][0]
    object_file(small.cache, seen["md5"]).write_text("[]torn")
    assert "the data stages failed at commit" in run(RUN, code=2)


def test_a_file_of_the_cache_that_was_harmed_is_not_taken(small, on_record):
    lock = read_lock(small.root / "pipelines" / "data" / "dvc.lock")
    (raw,) = lock["stages"]["fetch@alphabet"]["outs"]
    listed = json.loads(object_file(small.cache, raw["md5"]).read_text())
    object_file(small.cache, listed[0]["md5"]).write_text("harmed")
    assert "raw files, downloaded from the dataset" in run(RUN, code=0)


def test_a_failing_stage_is_refused_and_leaves_no_folder(small, on_record, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (small.root / "model.py").unlink()
    on_record(commit=small.commit())
    assert "a stage failed at commit" in run(RUN, code=2)
    assert not list(tmp_path.glob("foursplit-reproduce-*"))


def test_a_clone_is_kept_where_it_is_asked_for(small, on_record, tmp_path):
    kept = tmp_path / "kept"
    text = run(RUN, "--keep-clone", kept, code=0)
    assert f"Clone: {kept}" in text
    assert (kept / TABLES / "seed_1" / "dev.parquet").is_file()
    assert "already exists" in run(RUN, "--keep-clone", kept, code=2)


def test_a_clone_follows_no_training_on_the_users_server(small, on_record, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    run(RUN, code=0)
    assert small.environment["MLFLOW_TRACKING_URI"].startswith("sqlite:////")


def test_a_project_without_a_store_makes_none(small):
    assert "there are no runs" in run(RUN, code=2)
    assert not (small.root / "mlflow.db").exists()


def test_dvc_itself_does_what_the_stand_in_does(small, monkeypatch):
    monkeypatch.undo()
    environment = {"FOURSPLIT_ROOT": str(small.root), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "foursplit", "reproduce", f"{KEY}@HEAD"]
    before = small.objects()
    done = subprocess.run(
        command,
        env={**clone.clone_environment(small.root), **environment},
        cwd=small.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Running stage '{address('train')}'" in done.stdout
    assert "Reproduced:" in done.stdout
    assert small.objects() == before


def is_alive(pid):
    """Tell whether a process runs; one that has ended and waits to be asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_takes_its_children_and_its_folder_along(small, tmp_path, sign):
    text = (small.root / "stage.py").read_text()
    wait = f"import os, time; Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()));"
    (small.root / "stage.py").write_text(
        text.replace(
            "    run(sys", f"    if sys.argv[1] == 'train': {wait} time.sleep(60)\n    run(sys"
        )
    )
    small.commit()
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "foursplit", "reproduce", f"{KEY}@HEAD"],
        cwd=small.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "TMPDIR": str(tmp_path / "tmp"),
        },
        # What runs in the background may have been told to ignore Ctrl-C, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    pid = tmp_path / "pid"
    while not (pid.is_file() and pid.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    child = int(pid.read_text())
    process.send_signal(sign)
    assert process.wait(120) != 0
    end = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(child)
    assert not list((tmp_path / "tmp").glob("foursplit-reproduce-*"))


@pytest.mark.parametrize("definition", [{"source": "alphabet", "group": "letters"}, {}, None, 3])
def test_params_of_another_format_are_refused_with_the_way_to_run_them(
    small, on_record, definition
):
    params = {"experiments": {COURSE: {KEY: definition}}}
    (small.root / "params.yaml").write_text(json.dumps(params))
    on_record(commit=small.commit())
    text = run(RUN, code=2)
    assert "git worktree add" in text
    assert "dataset" in text

"""What people reported of whole projects: nothing of theirs is lost, no code of a table runs.

One clone of the project trains one group and promotes its champion; every test works on a copy of
it.  Each says which report it holds.
"""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import Clone, make_clone

GROUP, EXPERIMENT = "m1w3_cancer", "m1w3_cancer_logistic"
CASES = Path(__file__).parents[3] / "shared" / "fixtures" / "public_cases"
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("harm")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Give a clone in which one group has run and has a champion."""
    clone = make_clone(tmp_path_factory.mktemp("harm") / "clone")
    clone.run("foursplit", "repro", GROUP)
    clone.run(*GIT, "commit", "-qam", "locks", "--allow-empty")
    clone.run("foursplit", "gate", GROUP, "--promote")
    return clone


@pytest.fixture
def copy(trained, tmp_path):
    """Give a copy of the clone with its outputs and its store, made by `cp` as a person would."""
    subprocess.run(["cp", "-a", trained.folder, tmp_path / "copy"], check=True)
    return Clone(tmp_path / "copy")


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(store: Path) -> list[str]:
    """List all that a database holds; its header may count another process that looked."""
    database = sqlite3.connect(store)
    try:
        return list(database.iterdump())
    finally:
        database.close()


def test_what_a_person_put_beside_outputs_is_never_removed_in_ci(copy, tmp_path):
    mine = {
        "data/raw/customers_2024/a.csv": "1\n",
        "data/raw/survey.csv": "1\n",
        "data/models/checkpoints/best.ckpt": "w\n",
        "data/final/board.pptx": "p\n",
    }
    for name, text in mine.items():
        (copy.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (copy.folder / name).write_text(text)
    disk = tmp_path / "disk"
    (disk / "another_project").mkdir(parents=True)
    (disk / "another_project" / "years.csv").write_text("of work\n")
    (copy.folder / "data" / "raw" / "else").symlink_to(disk)
    for command in (["repro", "--dry", EXPERIMENT], ["repro", EXPERIMENT], ["check"]):
        assert "Traceback" not in copy.run("foursplit", *command)
        assert {name: (copy.folder / name).read_text() for name in mine} == mine
        assert files_below(disk) == {"another_project/years.csv": b"of work\n"}


def test_nothing_goes_through_a_folder_that_is_a_link_in_ci(copy, tmp_path):
    disk = tmp_path / "disk"
    raw = copy.folder / "data" / "raw"
    shutil.move(raw, disk)
    (disk / "another_project").mkdir()
    (disk / "another_project" / "years.csv").write_text("of work\n")
    raw.symlink_to(disk)
    before = files_below(disk)
    copy.run("foursplit", "repro", "--dry", EXPERIMENT)
    assert files_below(disk) == before
    copy.run("foursplit", "repro", EXPERIMENT)
    assert before.items() <= files_below(disk).items()


def test_a_copied_project_reads_and_writes_its_own_store_in_ci(trained, copy):
    before = files_below(trained.folder / "mlruns")
    report = copy.run("foursplit", "gate", GROUP)
    assert "Traceback" not in report
    loads = "import foursplit; foursplit.load_model('models:/m1w3_cancer@champion')"
    copy.run("python", "-c", loads)
    copy.run("foursplit", "repro", "--force", f"evaluate@{EXPERIMENT}")
    copy.run("foursplit", "track")
    assert files_below(trained.folder / "mlruns") == before


def test_a_heading_that_is_code_is_never_run_in_ci(copy):
    names = ["{open('RAN','w').name}", "price {EUR}", 'diagonal "', "path\\new"]
    for k, heading in enumerate(names):
        rows = [
            {"x": (37 * i) % 100 / 100, heading: "ab"[i // 2 % 2], "y": i % 2} for i in range(100)
        ]
        (copy.folder / "data" / "own").mkdir(exist_ok=True)
        pd.DataFrame(rows).to_csv(copy.folder / "data" / "own" / f"case_{k}.csv", index=False)
        csv = f"data/own/case_{k}.csv"
        name = f"case_{k}"
        copy.run("foursplit", "new", "dataset", name, "--csv", csv, "--target", "y")
        copy.run("foursplit", "stage", "fetch", name)
        copy.run("foursplit", "stage", "validate", name)
    assert not list(copy.folder.rglob("RAN"))


@pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not here")
@pytest.mark.parametrize(
    ("case", "target", "name"),
    [
        ("08_inf_in_a_csv/extreme.csv", "y", "inf"),
        ("23_first_csv_of_a_newcomer/titanic.csv", "Survived", "Age"),
        ("23_first_csv_of_a_newcomer/telco.csv", None, "TotalCharges"),
        ("23_first_csv_of_a_newcomer/sorted.csv", None, "Unnamed: 0"),
        ("07_group_missing/patients.csv", "ill", "patient"),
    ],
)
def test_a_newcomers_csv_is_told_column_by_column_in_ci(copy, case, target, name):
    (copy.folder / "data" / "own").mkdir(exist_ok=True)
    csv = copy.folder / "data" / "own" / "mine.csv"
    shutil.copy(CASES / case, csv)
    target = target or pd.read_csv(csv).columns[-1]
    command = ["foursplit", "new", "dataset", "mine", "--csv", str(csv), "--target", target]
    process = copy.start(*command)
    output = process.communicate(timeout=120)[0]
    assert "Traceback" not in output
    assert name in output
    assert csv.read_bytes() == (CASES / case).read_bytes()


def test_a_readers_columns_and_rows_stay_in_the_sheet_in_ci(copy):
    def read(path):
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")

    copy.run("foursplit", "error-sheet", EXPERIMENT)
    sheet = copy.folder / "reports" / "reading" / f"{EXPERIMENT}.csv"
    rows = read(sheet)
    rows["tags"], rows["reader"], rows["severity"] = "blurred", "Mia", "high"
    rows.to_csv(sheet, index=False, encoding="utf-8-sig")
    copy.run("foursplit", "error-sheet", EXPERIMENT)
    tags = copy.folder / "data" / "tags" / "breast_cancer.csv"
    taken = read(tags)
    assert set(rows["example_id"]) <= set(taken["example_id"])
    copy.run("foursplit", "error-sheet", "m1w3_cancer_logistic_l2")
    for path in (sheet, tags):
        mine = read(path).query("reader == 'Mia'")
        assert set(mine["example_id"]) == set(rows["example_id"])
        assert set(mine["severity"]) == {"high"}


def test_a_store_of_an_older_mlflow_is_left_as_it_is_in_ci(copy, tmp_path):
    store = tmp_path / "older.db"
    shutil.copy(copy.folder / "mlflow.db", store)
    shutil.copytree(copy.folder / "mlruns", tmp_path / "mlruns")
    with sqlite3.connect(store) as database:
        database.execute("update alembic_version set version_num='4465047574b1'")
    database.close()
    before = rows_of(store)
    process = copy.start("foursplit", "track", MLFLOW_TRACKING_URI=f"sqlite:///{store}")
    output = process.communicate(timeout=120)[0]
    assert process.returncode != 0
    assert "mlflow db upgrade" in output
    assert "elete" not in output
    # Nothing is gone or upgraded; addresses of files follow the store to where it lies.
    after = rows_of(store)
    assert len(after) == len(before)
    assert [row for row in after if "4465047574b1" in row]


def test_what_is_pushed_to_a_branch_is_what_ran_in_ci(copy, tmp_path):
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "clone", "-q", "--bare", copy.folder, origin], check=True)
    copy.run("git", "remote", "add", "origin", str(origin))
    params = (copy.folder / "params.yaml").read_text()
    start = params.index(f"{EXPERIMENT}:")
    edited = params[:start] + params[start:].replace("max_epochs: 500", "max_epochs: 350", 1)
    assert edited != params
    (copy.folder / "params.yaml").write_text(edited)
    process = copy.start("foursplit", "retrain", GROUP, "--branch", "foursplit/x")
    output = process.communicate(timeout=600)[0]
    assert "Traceback" not in output
    show = ["git", "--git-dir", str(origin), "show"]
    pushed = subprocess.run([*show, "foursplit/x:params.yaml"], capture_output=True, text=True)
    if process.returncode == 0:
        assert pushed.stdout == edited
    else:
        assert pushed.returncode != 0  # nothing was pushed
        assert "params.yaml" in output
    assert (copy.folder / "params.yaml").read_text() == edited


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_that_git_refuses_stores_no_version_without_its_commit_in_ci(copy, tmp_path):
    store = f"sqlite:///{tmp_path}/store.db"
    for path in (copy.folder / ".git", *(copy.folder / ".git").rglob("*"), copy.folder):
        os.chown(path, 65534, -1)
    config = tmp_path / "gitconfig"  # nobody's own list of safe folders
    config.write_text("")
    env = {"MLFLOW_TRACKING_URI": store, "GIT_CONFIG_GLOBAL": str(config)}
    process = copy.start("foursplit", "gate", GROUP, **env)
    output = process.communicate(timeout=300)[0]
    assert process.returncode != 0
    assert "safe.directory" in output
    if (tmp_path / "store.db").exists():
        with sqlite3.connect(tmp_path / "store.db") as database:
            tables = {row[0] for row in database.execute("select name from sqlite_master")}
            if "model_versions" in tables:
                assert not database.execute("select * from model_versions").fetchall()
        database.close()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_a_sign_ends_no_run_in_ci(copy, encoding):
    env = {"PYTHONIOENCODING": encoding}
    for command in (
        ["repro", "--force", f"evaluate@{EXPERIMENT}"],
        ["why", f"train@{EXPERIMENT}"],
        ["summary"],
    ):
        done = subprocess.run(
            ["foursplit", *command],
            cwd=copy.folder,
            env={**copy.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        output = done.stdout.decode(encoding)
        assert done.returncode == 0, output
        assert "Traceback" not in output


def test_a_path_with_a_per_cent_sign_works_or_is_refused_in_a_sentence_in_ci(trained, tmp_path):
    subprocess.run(["cp", "-a", trained.folder, tmp_path / "a 100%"], check=True)
    clone = Clone(tmp_path / "a 100%")
    process = clone.start("foursplit", "repro", EXPERIMENT)
    output = process.communicate(timeout=300)[0]
    assert "Traceback" not in output
    assert process.returncode == 0 or "%" in output

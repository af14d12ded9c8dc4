"""Past runs: found in git's history, in DVC's cache, and named where they are gone."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.history.miniature import COURSE, GROUP, lock_text, table

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.history.past_runs import cache_folder, list_past_runs

PROJECT = Path(__file__).parent.parent.parent
MONDAY, TUESDAY = "2024-01-01T10:00:00+0000", "2024-01-02T10:00:00+0000"


def test_a_project_without_any_run_has_no_past(project):
    assert list_past_runs(GROUP) == []


def test_a_run_that_was_replaced_is_found_at_its_commit_with_its_files_and_settings(history):
    first = history.evaluate("plain", {1: table({0, 1})})
    monday = history.commit({"plain": first}, MONDAY, rate=0.1)
    second = history.evaluate("plain", {1: table({0})})
    tuesday = history.commit({"plain": second}, TUESDAY, rate=0.2)
    old, new = list_past_runs(GROUP)
    assert (old.key, old.seed, old.version) == ("plain", 1, first)
    assert (old.commit, old.present, old.place) == (monday, False, f"commit {monday[:7]}")
    assert old.when.isoformat() == "2024-01-01T10:00:00+00:00"
    assert sorted(old.files) == ["dev.parquet", "summary.json"]
    assert old.gone == ()
    assert old.params[f"experiments.{COURSE}.plain.fit"] == {"learning_rate": 0.1}
    assert old.params[f"groups.{COURSE}.{GROUP}"] == {"metric": "error"}
    assert old.summary()["manifest"]["n_parameters"] == 10
    # What lies in data/predictions is known by content to be what the second commit holds.
    assert (new.commit, new.present, new.version) == (tuesday, True, second)
    assert new.params[f"experiments.{COURSE}.plain.fit"] == {"learning_rate": 0.2}
    assert new.files["dev.parquet"].is_relative_to(history.root / "data")


def test_a_run_committed_twice_is_one_run_at_its_first_commit(history):
    version = history.evaluate("plain", {1: table({0})})
    first = history.commit({"plain": version}, MONDAY, rate=0.1)
    other = history.evaluate("other", {1: table({3})})
    history.commit({"plain": version, "other": other}, TUESDAY, rate=0.1)
    runs = list_past_runs(GROUP)
    assert [run.key for run in runs] == ["plain", "other"]
    assert runs[0].commit == first


def test_aliases_of_a_lock_file_are_followed(history):
    versions = {key: history.evaluate(key, {1: table({i})}) for i, key in enumerate("ab")}
    history.commit(versions, MONDAY)
    for run in list_past_runs(GROUP):
        assert run.params[f"groups.{COURSE}.{GROUP}"] == {"metric": "error"}


def test_other_branches_and_a_reset_branch_count_while_git_holds_them(history):
    version = history.evaluate("plain", {1: table({0})})
    history.commit({"plain": version}, MONDAY)
    history.git("checkout", "-q", "-b", "trial")
    tried = history.evaluate("plain", {1: table({5})})
    there = history.commit({"plain": tried}, TUESDAY, rate=0.3)
    history.git("checkout", "-q", "main")
    assert [run.commit for run in list_past_runs(GROUP) if run.version == tried] == [there]


def test_a_merge_loses_neither_what_it_dropped_nor_what_it_made_itself(history):
    versions = {name: history.evaluate("plain", {1: table({i})}) for i, name in enumerate("abcd")}
    history.commit({"plain": versions["a"]}, MONDAY)
    history.git("checkout", "-q", "-b", "trial")
    history.commit({"plain": versions["b"]}, MONDAY, rate=0.2)
    history.git("checkout", "-q", "main")
    history.commit({"plain": versions["c"]}, TUESDAY, rate=0.3)
    history.git("merge", "-q", "-s", "ours", "--no-commit", "trial")
    merge = history.commit({"plain": versions["d"]}, TUESDAY, rate=0.4)  # the stages ran again
    history.git("branch", "-q", "-D", "trial")
    found = {run.version: run for run in list_past_runs(GROUP)}
    assert set(found) == {*versions.values()}
    assert found[versions["d"]].commit == merge


def test_a_branch_whose_runs_a_merge_left_out_is_not_forgotten(history):
    versions = {name: history.evaluate("plain", {1: table({i})}) for i, name in enumerate("ab")}
    history.commit({"plain": versions["a"]}, MONDAY)
    history.git("checkout", "-q", "-b", "trial")
    history.commit({"plain": versions["b"]}, MONDAY, rate=0.2)
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "-s", "ours", "-m", "left out", "trial")
    history.git("branch", "-q", "-D", "trial")
    history.evaluate("plain", {1: table({9})})
    assert {*versions.values()} <= {run.version for run in list_past_runs(GROUP)}


def test_a_run_that_nobody_committed_comes_from_the_run_cache_with_what_it_was_trained_with(
    history,
):
    version = history.evaluate("plain", {1: table({0, 1, 2})})
    history.cached_run("plain", version, 0.7)
    history.evaluate("plain", {1: table({0})})
    cached, present = list_past_runs(GROUP)
    if present.version == version:
        cached, present = present, cached
    assert (cached.commit, cached.place, cached.present) == (None, "run-cache", False)
    assert cached.params[f"experiments.{COURSE}.plain.fit"] == {"learning_rate": 0.7}
    assert (present.commit, present.place, present.params) == (None, "present", {})


def test_seeds_are_runs_of_one_version(history):
    version = history.evaluate("plain", {1: table({0}), 2: table({1})})
    history.commit({"plain": version}, MONDAY)
    history.evaluate("plain", {1: table({4})})
    old = [run for run in list_past_runs(GROUP) if run.version == version]
    assert [run.seed for run in old] == [1, 2]
    assert old[0].files["dev.parquet"] != old[1].files["dev.parquet"]


def test_what_the_cache_no_longer_holds_is_named(history):
    version = history.evaluate("plain", {1: table({0})})
    history.commit({"plain": version}, MONDAY)
    history.evaluate("plain", {1: table({7})})
    history.forget(version, "seed_1/dev.parquet")
    (old,) = [run for run in list_past_runs(GROUP) if run.version == version]
    assert (old.gone, sorted(old.files)) == (("dev.parquet",), ["summary.json"])
    history.forget(version)
    (old,) = [run for run in list_past_runs(GROUP) if run.version == version]
    assert (old.seed, old.files, old.gone) == (None, {}, ("the list of its files",))


def test_a_torn_list_a_torn_lock_and_a_torn_run_cache_entry_count_as_none(history):
    version = history.evaluate("plain", {1: table({0})})
    history.commit({"plain": version}, MONDAY)
    history.keep(version, b'[{"md5": "ab", "relp')
    lock = history.root / "pipelines" / COURSE / "dvc.lock"
    lock.write_text("stages: {\n" + lock_text({"plain": "f" * 32 + ".dir"}, 0.1))
    history.git("commit", "-qam", "torn", at=TUESDAY)
    history.cached_run("plain", "{", 0.1)
    history.evaluate("plain", {1: table({1})})
    found = {run.version: run for run in list_past_runs(GROUP)}
    assert found[version].gone == ("the list of its files",)
    assert found["f" * 32 + ".dir"].params == {}


def test_a_file_that_the_cache_holds_damaged_is_refused_by_name(history):
    version = history.evaluate("plain", {1: table({0})})
    history.commit({"plain": version}, MONDAY)
    history.evaluate("plain", {1: table({7})})
    (old,) = [run for run in list_past_runs(GROUP) if run.version == version]
    for name in ("dev.parquet", "summary.json"):
        assert old.file(name) == old.files[name]
        other = old.files[name].read_bytes().replace(b"1", b"2", 1)
        old.files[name].write_bytes(other)
        with pytest.raises(FoursplitError, match=r"/md5/.*: damaged in DVC's cache"):
            old.file(name)
    with pytest.raises(FoursplitError, match="damaged"):
        old.summary()


def test_a_list_of_files_that_is_not_what_its_name_says_counts_as_none(history):
    version = history.evaluate("plain", {1: table({0})})
    history.commit({"plain": version}, MONDAY)
    other = history.evaluate("plain", {1: table({7})})
    objects = history.cache / "files" / "md5"
    history.keep(version, (objects / other[:2] / other[2:]).read_bytes())
    (old,) = [run for run in list_past_runs(GROUP) if run.version == version]
    assert (old.files, old.gone) == ({}, ("the list of its files",))


def test_what_lies_in_data_is_a_persons_own_to_change(history):
    history.evaluate("plain", {1: table({0})})
    (present,) = list_past_runs(GROUP)
    present.files["summary.json"].write_text('{"edited": true}')
    assert present.summary() == {"edited": True}


def test_an_evaluation_under_way_is_no_run(history):
    part = history.root / "data" / "predictions" / GROUP / ".plain.abc.part" / "seed_1"
    part.mkdir(parents=True)
    table().to_parquet(part / "dev.parquet")
    assert list_past_runs(GROUP) == []


def test_the_runs_of_another_group_whose_name_begins_alike_are_not_these(history):
    version = history.evaluate("plain", {1: table({0})})
    text = lock_text({"plain": version}, 0.1).replace(f"{GROUP}/", f"{GROUP}_large/")
    lock = history.root / "pipelines" / COURSE / "dvc.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text(text)
    history.git("add", "-f", str(lock))
    history.git("commit", "-qm", "other")
    assert [run.commit for run in list_past_runs(GROUP)] == [None]
    assert [run.version for run in list_past_runs(f"{GROUP}_large")] == [version]


def test_the_cache_lies_where_dvcs_configuration_says(history):
    assert cache_folder() == history.root / ".dvc" / "cache"
    folder = history.root / ".dvc"
    folder.mkdir()
    (folder / "config").write_text("[core]\n    analytics = false\n['remote \"x\"']\n    url = s\n")
    assert cache_folder() == folder / "cache"
    (folder / "config").write_text("[cache]\n    dir = ../shared\n")
    assert cache_folder() == history.root / "shared"
    (folder / "config.local").write_text("[cache]\n    dir = /elsewhere\n")
    assert cache_folder() == Path("/elsewhere")


def test_without_git_the_present_tables_are_still_found(project, monkeypatch):
    folder = project / "data" / "predictions" / GROUP / "plain" / "seed_1"
    folder.mkdir(parents=True)
    table().to_parquet(folder / "dev.parquet")
    assert [run.present for run in list_past_runs(GROUP)] == [True]
    monkeypatch.setenv("PATH", "")
    assert [run.present for run in list_past_runs(GROUP)] == [True]


def test_hundreds_of_lock_files_take_little_time(history):
    version = history.evaluate("plain", {1: table({0})})
    filler = "".join(f"    - path: src/file_{i}.py\n      md5: {i:032d}\n" for i in range(1000))
    lock = history.root / "pipelines" / COURSE / "dvc.lock"
    lock.parent.mkdir(parents=True)
    commits = []  # by fast-import, for 300 calls of git would take longer than what is measured
    for i in range(300):
        text = lock_text({"plain": version if i % 10 else f"{i:032d}.dir"}, i) + filler
        body = f"data {len(text)}\n{text}"
        commits.append(
            f"commit refs/heads/long\ncommitter t <t@localhost> {1_700_000_000 + i} +0000\n"
            f"data 1\nx\nM 644 inline pipelines/{COURSE}/dvc.lock\n{body}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=history.root,
        input="".join(commits),
        text=True,
        check=True,
    )
    start = time.perf_counter()
    runs = list_past_runs(GROUP)
    assert len(runs) == 31
    # 31 of the 300 name something new, a tenth of a megabyte each; reading all would take minutes.
    assert time.perf_counter() - start < 20


def test_dvc_is_not_imported(history):
    history.evaluate("plain", {1: table({0})})
    code = (
        "import sys; from foursplit.history.past_runs import list_past_runs\n"
        "list_past_runs('letters')\n"
        "print(sorted({'dvc', 'torch', 'mlflow', 'sklearn'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=history.root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_hash_of_a_present_folder_is_the_one_that_dvc_noted(monkeypatch):
    """On this project's own tables, where they were made."""
    monkeypatch.setenv("FOURSPLIT_ROOT", str(PROJECT))
    paths.root.cache_clear()
    try:
        if not paths.predictions("c4w2_digits").is_dir() or not cache_folder().is_dir():
            pytest.skip("the pipeline has not run here")
        runs = [run for run in list_past_runs("c4w2_digits") if run.present]
        assert runs
        for run in runs:
            listed = cache_folder() / "files" / "md5" / run.version[:2] / run.version[2:]
            assert listed.is_file(), run.key
    finally:
        paths.root.cache_clear()

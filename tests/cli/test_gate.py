"""The command `foursplit gate`."""

import json
import os
import shutil
import subprocess
import sys
import time

import pandas as pd
import pytest
from click.testing import CliRunner
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

import foursplit
from foursplit.cli.commands import gate as command
from foursplit.cli.main import main
from foursplit.config import paths
from foursplit.io import artifacts
from foursplit.promotion.benchmark_models import BenchmarkRequest, benchmark
from foursplit.tracking import store
from foursplit.tracking.registry import registry


@pytest.fixture
def small(project, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(subprocess, "run", winner.timed_here)
    winner.make(project)
    winner.train(sees_strong=False)
    return project


def run(*arguments, code):
    done = CliRunner().invoke(main, ["gate", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def report():
    return json.loads((paths.reports() / "gate" / f"{GROUP}.json").read_text())


def test_the_first_champion_must_be_better_than_the_baseline(small):
    text = run(GROUP, code=0)
    assert f"{GROUP}: {KEY} (version 1) against no champion yet" in text
    assert "Pass --promote" in text
    assert registry.champion_number(GROUP) is None
    text = run(GROUP, "--promote", code=0)
    assert f'foursplit.load_model("models:/{GROUP}@champion")' in text
    assert registry.champion_number(GROUP) == 1
    assert report()["champion"] is None
    assert report()["promoted"]
    tags = registry.load_version(GROUP, "champion").tags
    assert tags["foursplit.verdict"] == "PROMOTE"
    assert tags["foursplit.judged_against"] == "none"
    assert tags["foursplit.data.seen"] == "not in dvc.lock"


def test_without_store_the_verdict_is_equal_and_the_registry_is_unchanged(small):
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=True)

    def registered():
        model = store.client().get_registered_model(GROUP)
        number = registry.load_version(GROUP, "champion").number
        return dict(model.tags), dict(model.aliases), number

    before = registered()
    read = command.run_gate(GROUP, command.GateOptions(store=False))
    assert registered() == before
    assert read["challenger"]["version"] is None
    assert not read["promoted"]
    wrote = command.run_gate(GROUP, command.GateOptions())
    assert registered() != before
    same = ("verdict", "champion", "needed", "looks_at_test")
    assert {name: read[name] for name in same} == {name: wrote[name] for name in same}


def test_promote_and_read_only_exclude_each_other(small):
    done = CliRunner().invoke(main, ["retrain", "--promote", "--read-only"])
    assert (done.exit_code, "pass only one" in done.output) == (2, True)


def test_an_unchanged_winner_is_already_the_champion(small):
    run(GROUP, "--promote", code=0)
    assert "Version 1 is already the champion." in run(GROUP, "--promote", code=0)
    assert [reason["code"] for reason in report()["reasons"]] == ["same_model"]
    assert not report()["promoted"]


def test_a_better_model_is_promoted_and_a_worse_one_rejected(small, tmp_path):
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=True)
    file = tmp_path / "verdict.json"
    text = run(GROUP, "--promote", "--json", file, code=0)
    assert f"{KEY} (version 2) against the champion {KEY} (version 1)" in text
    assert registry.champion_number(GROUP) == 2
    assert json.loads(file.read_text()) == report()
    assert report()["schema"] == "foursplit.gate/1"
    winner.train(sees_strong=False, trained_on=1)
    run(GROUP, "--promote", code=5)
    assert report()["verdict"] == "REJECT"
    assert not report()["promoted"]
    numbers = registry.champion_number(GROUP), registry.load_version(GROUP, "challenger").number
    assert numbers == (2, 3)


def test_an_equal_model_is_held(small):
    winner.train(sees_strong=True)
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=True, trained_on=1)
    run(GROUP, "--promote", code=4)
    assert report()["verdict"] == "HOLD"
    assert registry.champion_number(GROUP) == 1


def test_nothing_is_promoted_without_the_option(small):
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=True)
    assert "Pass --promote" in run(GROUP, "--no-promote", code=0)
    assert registry.champion_number(GROUP) == 1


def codes():
    return [reason["code"] for reason in report()["reasons"]]


def test_a_champion_judged_on_other_examples_answers_the_present_ones_first(small):
    """Of two sets of examples the later may be the easier: only the same ones compare models."""
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=True, drawn=1)
    text = run(GROUP, "--promote", code=0)
    assert "The champion, version 1, was evaluated again on the current examples" in text
    assert "dev: 600 of 600 examples removed, 600 added" in text
    assert codes()[0] == "rescored"
    assert registry.champion_number(GROUP) == 2
    # Two seeds of each of two models were asked the new test, and no other.
    assert report()["looks_at_test"] == 4


def test_a_worse_model_is_rejected_on_new_examples_too(small):
    winner.train(sees_strong=True)
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=False, drawn=1)
    run(GROUP, "--promote", code=5)
    assert codes()[0] == "rescored"
    assert registry.champion_number(GROUP) == 1


def test_the_champions_answers_to_the_present_examples_are_its_own(small, monkeypatch):
    """As the same weights give in the pipeline, to the bit, and in a process of its own."""
    monkeypatch.undo()
    monkeypatch.setenv("FOURSPLIT_ROOT", str(small))
    run(GROUP, "--promote", code=0)
    champion = registry.load_champion(GROUP)
    winner.train(sees_strong=False, drawn=1)  # the same weights: what the pipeline makes of them
    expected = pd.read_parquet(paths.final(GROUP) / "seed_2" / "dev.parquet")
    models = paths.models(GROUP, KEY)
    folders = {"challenger": models, "champion": champion.folder}
    request = BenchmarkRequest(group=GROUP, score_champion=True, **folders)
    with benchmark(request) as result:
        found = pd.read_parquet(result.tables / "seed_2" / "dev.parquet")
    pd.testing.assert_frame_equal(found, expected)
    assert result.champion_ms > 0
    assert result.challenger_ms > 0


def test_a_champion_whose_code_is_gone_cannot_answer_and_the_challenger_is_held(small, monkeypatch):
    run(GROUP, "--promote", code=0)
    for path in registry.load_champion(GROUP).folder.glob("seed_*/manifest.json"):
        manifest = json.loads(path.read_text())
        path.write_text(json.dumps({**manifest, "code": "of another day"}))
    # As if it had been stored like this.
    monkeypatch.setattr(registry.version_files, "require_unchanged", lambda *_: None)
    winner.train(sees_strong=True, drawn=1)
    text = run(GROUP, "--promote", code=4)
    assert "it cannot predict the current ones: the code of model 'logistic_sklearn' has" in text
    assert codes() == ["champion_not_scored"]
    assert registry.champion_number(GROUP) == 1


def test_a_model_too_slow_for_its_bound_is_rejected(small):
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=True)
    settings = json.loads((small / "params.yaml").read_text())
    settings["gate"] = {"latency_ms": {GROUP: 1e-6}}
    (small / "params.yaml").write_text(json.dumps(settings))
    text = run(GROUP, "--promote", code=5)
    assert "the bound is 1e-06 ms" in text
    settings["gate"] = {"latency_ms": {GROUP: 1e6}}
    (small / "params.yaml").write_text(json.dumps(settings))
    text = run(GROUP, "--promote", code=0)
    latency = next(reason for reason in report()["reasons"] if reason["code"] == "latency")
    assert latency["numbers"].keys() == {"challenger_ms", "champion_ms", "most_ms"}


def test_a_bound_of_a_group_that_is_not_there_is_refused(small):
    settings = json.loads((small / "params.yaml").read_text())
    settings["gate"] = {"latency_ms": {"wine": 1.0}}
    (small / "params.yaml").write_text(json.dumps(settings))
    text = run(GROUP, code=2)
    assert "gate.latency_ms: unknown group 'wine'. Did you mean 'wines'?" in text


def test_the_champion_itself_scored_on_new_examples_is_stored_with_them(small):
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=False, drawn=1)
    run(GROUP, "--promote", code=0)
    assert registry.champion_number(GROUP) == 2  # the same weights, tables of the new examples
    winner.train(sees_strong=True, drawn=1)
    run(GROUP, "--promote", code=0)
    assert registry.champion_number(GROUP) == 3


def test_looks_at_test_are_remembered_by_the_registry_when_the_folders_count_is_gone(small):
    run(GROUP, "--promote", code=0)
    assert report()["looks_at_test"] == 2
    winner.train(sees_strong=True)
    shutil.rmtree(paths.state(), ignore_errors=True)
    run(GROUP, "--promote", code=0)
    assert report()["looks_at_test"] == 4
    run(GROUP, code=0)
    assert report()["looks_at_test"] == 4


def test_force_promotes_and_keeps_why(small):
    winner.train(sees_strong=True)
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=False)
    run(GROUP, "--force", "--reason", "the law asks for it", code=0)
    assert registry.champion_number(GROUP) == 2
    assert (
        registry.load_version(GROUP, "champion").tags["foursplit.forced"] == "the law asks for it"
    )
    assert registry.load_version(GROUP, "champion").tags["foursplit.verdict"] == "REJECT"
    assert report()["forced"] == "the law asks for it"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--force"], "--force needs --reason"),
        (["--force", "--reason", " "], "--force needs --reason"),
        (["--reason", "x"], "--reason is the reason for --force"),
    ],
)
def test_a_force_without_a_reason_is_none(small, arguments, message):
    assert message in run(GROUP, *arguments, code=2)


def test_a_tampered_champion_raises_unless_forced(small):
    run(GROUP, "--promote", code=0)
    path = registry.load_champion(GROUP).folder / "seed_1" / "dev.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    winner.train(sees_strong=True)
    assert "dev.parquet: altered" in run(GROUP, "--promote", code=2)
    assert registry.champion_number(GROUP) == 1
    run(GROUP, "--force", "--reason", "disk failed", code=0)
    assert registry.champion_number(GROUP) == 2
    assert [reason["code"] for reason in report()["reasons"]] == ["champion_unreadable"]


def test_an_unknown_group_or_one_without_a_winner_is_refused(small):
    assert "unknown group 'wins'. Did you mean 'wines'?" in run("wins", code=2)
    paths.selected(GROUP).unlink()
    assert "has no winner yet. Run `foursplit repro wines`" in run(GROUP, code=2)


def test_tables_of_another_training_than_the_models_are_refused(small):
    path = paths.models(GROUP, KEY) / "seed_2" / "manifest.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "model_hash": "another"}))
    assert "made by an earlier version of wines_logistic" in run(GROUP, code=2)
    assert registry.champion_number(GROUP) is None


def test_a_winner_of_other_settings_than_those_in_params_is_refused(small):
    text = (small / "params.yaml").read_text()
    new = text.replace('"model_args": {}', '"model_args": {"C": 0.5}')
    assert new != text
    (small / "params.yaml").write_text(new)
    assert "Run `foursplit repro wines`" in run(GROUP, code=2)


def test_test_accesses_are_counted_by_test_and_model(small):
    hashes = [
        json.loads((folder / "manifest.json").read_text())["model_hash"]
        for folder in sorted(paths.models(GROUP, KEY).glob("seed_*"))
    ]
    test = artifacts.sha256_file(paths.split("wine") / "sealed" / "test.parquet")
    seen = [{"group": GROUP, "test": test, "model": one} for one in hashes]
    seen += [{"group": GROUP, "test": test, "model": "older"}]
    seen += [{"group": "elsewhere", "test": test, "model": "theirs"}]
    seen += [{"group": GROUP, "test": "t0", "model": "of a test that is no more"}]
    paths.state().mkdir()
    (paths.state() / "looks.jsonl").write_text("".join(json.dumps(one) + "\n" for one in seen))
    assert "evaluated on this test set so far: 4" in run(GROUP, code=0)
    assert report()["looks_at_test"] == 4


@pytest.mark.parametrize("step", ["set_tags", "promote"])
def test_killed_before_the_alias_moves_the_old_champion_stays(small, monkeypatch, step):
    run(GROUP, "--promote", code=0)
    winner.train(sees_strong=True)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(registry, step, stop)
        with pytest.raises(KeyboardInterrupt):
            command.gate(GROUP, command.GateOptions(promote=True))
    assert registry.champion_number(GROUP) == 1
    run(GROUP, "--promote", code=0)
    assert registry.champion_number(GROUP) == 2


@pytest.mark.slow
def test_after_a_kill_the_champion_is_complete(small, rng):
    run(GROUP, "--promote", code=0)
    dev = winner.examples("dev")
    command = [sys.executable, "-m", "foursplit", "gate", GROUP, "--promote"]
    begin = time.monotonic()
    assert subprocess.run(command, cwd=small, check=False, capture_output=True).returncode == 0
    whole = time.monotonic() - begin
    for kill in range(int(os.environ.get("FOURSPLIT_KILLS", "5"))):
        winner.train(sees_strong=True, trained_on=kill)
        process = subprocess.Popen(
            command, cwd=small, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # Towards the end, where the store is written to: before, libraries are imported.
        time.sleep(float(rng.uniform(0.5, 1.1)) * whole)
        process.kill()
        process.wait()
        model = foursplit.load_model(f"models:/{GROUP}@champion")
        assert model.predict(dev.x).shape == (600, 3)
    winner.train(sees_strong=False, trained_on=kill + 1)
    run(GROUP, "--force", "--reason", "the end of the test", code=0)
    versions = store.client().search_model_versions(f"name='{GROUP}'")
    runs = {version.run_id for version in versions}
    assert len(runs) == len(versions)
    assert all(registry.load_version(GROUP, str(version.version)) for version in versions)


def test_a_file_that_is_no_database_is_refused(small):
    (small / "mlflow.db").write_bytes(b"no database" * 100)
    assert f"{store.uri()}: MLflow cannot use it" in run(GROUP, code=2)


def git(folder, *arguments):
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.Popen(["git", *who, *arguments], cwd=folder, stdout=subprocess.DEVNULL).wait()


@pytest.fixture
def committed(small, monkeypatch):
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    git(small, "init", "-q")
    git(small, "add", "params.yaml", "dvc.yaml")
    git(small, "commit", "-qm", "start")
    return small


def test_uncommitted_changes_are_evaluated_but_promoted_only_with_a_reason(committed):
    with (committed / "params.yaml").open("a") as file:
        file.write("\n")
    run(GROUP, code=0)
    assert registry.load_version(GROUP, "challenger").tags[registry.DIRTY] == "true"
    text = run(GROUP, "--promote", code=2)
    assert "params.yaml" in text
    assert "--force --reason" in text
    assert registry.champion_number(GROUP) is None
    git(committed, "commit", "-qam", "as it is")
    run(GROUP, "--promote", code=0)
    champion = registry.load_champion(GROUP)
    assert champion.number == 1  # the same files; made again from what is committed now
    assert champion.tags[registry.DIRTY] == "false"


def test_a_reason_overrides_uncommitted_changes(committed):
    with (committed / "params.yaml").open("a") as file:
        file.write("\n")
    run(GROUP, "--force", "--reason", "needed today", code=0)
    assert registry.load_champion(GROUP).tags[registry.DIRTY] == "true"


def test_new_lock_files_are_no_change_of_what_made_them(committed):
    (committed / "dvc.lock").write_text("schema: '2.0'\n")
    git(committed, "add", "dvc.lock")
    run(GROUP, "--promote", code=0)
    assert registry.load_champion(GROUP).tags[registry.DIRTY] == "false"


def test_if_git_refuses_the_folder_no_version_is_registered(committed, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "safe.directory" in run(GROUP, code=2)
    assert registry.model_names(store.client()) == []

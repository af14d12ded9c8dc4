"""MLflow's view: one finished run a model, however often it is written."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse

import pytest
from tests.tracking import miniature

from foursplit.cli.commands import track as door
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.results import collect
from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.runs import sync as tracking
from foursplit.tracking.runs.run_key import run_key

WINES, SUGAR = "wines_soft seed 1", "sugar_line seed 1"


def test_tracked_twice_gives_the_same_runs(world):
    first, _ = world.track()
    before = world.runs()
    second, _ = world.track()
    assert (first.new, first.kept) == (2, 0)
    assert (second.new, second.kept) == (0, 2)
    assert {n: r.info.run_id for n, r in world.runs().items()} == {
        n: r.info.run_id for n, r in before.items()
    }
    assert {run.info.status for run in before.values()} == {"FINISHED"}


def test_a_run_shows_settings_errors_gaps_curves_and_data(world):
    world.track()
    run = world.runs()[WINES]
    params, metrics, tags = run.data.params, run.data.metrics, run.data.tags
    assert params["model_args.hidden"] == "4, 2"
    assert params["fit.batch_size"] == "null"
    assert "fit.seeds" not in params
    assert metrics["diagnosis/dev/error"] == metrics["dev/error"] == 0.25
    assert metrics["diagnosis/test/error_hi"] == pytest.approx(0.225)
    assert metrics["diagnosis/gap/mismatch"] == 0.125
    assert metrics["diagnosis/gap/mismatch/p_largest"] == 0.75
    assert metrics["diagnosis/baseline/gain"] == 0.25
    assert metrics["flops"] == 78
    assert tags["foursplit.winner"] == tags["foursplit.is_latest"] == "true"
    assert tags["diagnosis.primary"] == "mismatch"
    assert tags["diagnosis.findings"] == "ST003"
    assert tags["diagnosis.worst_slice"] == "band = low"
    assert metrics["diagnosis/tag/blurry_dark/ceiling"] == 0.125
    assert metrics["diagnosis/slice/1/error"] == 0.375
    assert "diagnosis/slice/2/error" not in metrics  # not confirmed
    assert metrics["diagnosis/label_noise"] == 0.03125
    assert metrics["diagnosis/leaked"] == 2
    assert "reports/experiments/wines_soft" in tags["mlflow.note.content"]
    history = store.client().get_metric_history(run.info.run_id, "curve/train_loss")
    assert [(point.step, point.value) for point in history] == [(1, 0.9), (2, 0.7), (3, 0.6)]
    assert {(i.dataset.name, i.tags[0].value) for i in run.inputs.dataset_inputs} == {
        (f"wine/{split}", split) for split in ("train", "train_dev", "dev", "test")
    }


def learnt():
    rows = [{"n": 10, "errors": [0.5, 0.3]}, {"n": 40, "errors": [0.25]}]
    train = [{"n": 10, "errors": [0.0, 0.0]}, {"n": 40, "errors": [0.125]}]
    verdict = {"reading": "met", "more_data_helps": False, "now": 0.2, "later": 0.1,
               "n_for_target": None, "n_lo": None, "n_hi": None, "p_reach": None,
               "sentence": "Falls."}  # fmt: skip
    return {"train": train, "dev": {"curve": {"points": rows}, "verdict": verdict}}


def test_a_learning_curve_has_the_number_of_examples_for_a_step(world):
    content = json.loads(json.dumps(miniature.PARAMS))
    names = {"group": "wines", "dataset": "wine", "task": "classify", "model": "mlp"}
    content["curves"] = {"improving": {"wines_soft": names}}
    (world.root / "params.yaml").write_text(json.dumps(content))
    artifacts.write_json(paths.curves("wines") / "wines_soft.json", learnt())
    artifacts.write_json(paths.curves("sugar") / "sugar_line.json", learnt())  # not asked for
    world.params = load()
    world.track()
    runs = world.runs()
    history = store.client().get_metric_history(runs[WINES].info.run_id, "learning_curve/dev_error")
    assert [(point.step, point.value) for point in history] == [(10, 0.4), (40, 0.25)]
    assert runs[WINES].data.metrics["learning_curve/train_error"] == 0.125
    assert runs[WINES].data.tags["diagnosis.more_data"] == "Falls."
    assert "learning_curve/dev_error" not in runs[SUGAR].data.metrics


def test_a_curve_measured_later_makes_its_run_another(world):
    entries = collect(world.params)
    before = {entry.key: run_key(entry, 1, {}) for entry in entries}
    grown = {e.key: run_key(replace(e, learning_curve=learnt()), 1, {}) for e in entries}
    assert all(before[key] != grown[key] for key in before)


def test_only_a_winner_shows_test(world):
    world.track()
    run = world.runs()[SUGAR]
    assert not [name for name in run.data.metrics if "test" in name]
    assert {i.tags[0].value for i in run.inputs.dataset_inputs} == {"train", "train_dev", "dev"}


def test_a_run_holds_pictures_tables_and_the_stages_own_files(world):
    world.track()
    files = {}
    for name, run in world.runs().items():
        folder = Path(urlparse(run.info.artifact_uri).path)
        assert folder.is_relative_to(world.root / "mlruns")
        files[name] = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        worst = json.loads((folder / "dev" / "worst.json").read_text())
        assert len(worst["data"]) == 2  # of the eight, two are wrong
        sheet = json.loads((folder / "diagnosis" / "sheet.json").read_text())
        assert sheet["columns"][:2] == ["example_id", "is_error"]
        assert {row[0] for row in worst["data"]} <= {row[0] for row in sheet["data"]}
    both = {"manifest.json", "summary.json", "experiment.yaml", "diagnosis/ledger.svg"}
    both |= {"dev/worst.json", "diagnosis/diagnosis.json", "diagnosis/sheet.json"}
    assert files[WINES] == both | {"dev/confusion.svg", "dev/confusion.json"}
    assert files[SUGAR] == both | {"dev/residuals.svg", "dev/predicted_true.svg"}


def test_data_sets_carry_the_hash_that_dvc_knows(world):
    out = {"path": "data/split/wine/seen", "md5": "0123456789abcdef0123456789abcdef.dir"}
    lock = world.root / "pipelines" / "data" / "dvc.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"stages": {"split@wine": {"outs": [out]}}}))
    _, messages = world.track()
    digests = {i.tags[0].value: i.dataset.digest for i in world.runs()[WINES].inputs.dataset_inputs}
    assert digests["dev"] == out["md5"]
    assert digests["test"] == "not in dvc.lock"
    assert any("not in dvc.lock" in line for line in messages)


def test_a_half_written_run_is_replaced(world, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tracking.run_artifacts, "write_files", stop)
        with pytest.raises(KeyboardInterrupt):
            world.track()
    (half,) = world.runs().values()
    assert half.info.status == "RUNNING"
    world.track()
    runs = world.runs()
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert half.info.run_id not in {run.info.run_id for run in runs.values()}
    assert len(runs) == 2


def test_a_changed_result_is_a_new_run_and_the_old_one_is_history(world):
    world.track()
    old = world.runs()[SUGAR].info.run_id
    experiment = world.params.experiment("sugar_line")
    miniature.write_results("sugar_line", experiment, dev_error=0.375)
    counts, _ = world.track()
    client = store.client()
    runs_now = client.search_runs([client.get_run(old).info.experiment_id])
    current = {run.info.run_id: run.data.tags["foursplit.is_latest"] for run in runs_now}
    assert (counts.new, counts.kept) == (1, 1)
    assert len(current) == 2
    assert current[old] == "false"
    miniature.write_results("sugar_line", experiment)  # as `dvc checkout` of the older commit does
    counts, _ = world.track()
    assert counts.new == 0
    assert client.get_run(old).data.tags["foursplit.is_latest"] == "true"


def test_runs_of_the_past_are_not_read_again(world, monkeypatch):
    experiment = world.params.experiment("sugar_line")
    for dev_error in (0.125, 0.375, 0.5, 0.25):
        miniature.write_results("sugar_line", experiment, dev_error=dev_error)
        world.track()
    read = []
    client = store.client()

    def search(*args, **kwargs):
        page = client.search_runs(*args, **kwargs)
        read.extend(run.info.run_name for run in page)
        return page

    with monkeypatch.context() as patch:
        spy = Spy(client, search)
        patch.setattr(store, "client", lambda: spy)
        counts, _ = world.track()
    assert counts.new == 0
    assert sorted(read) == [SUGAR, WINES]
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    assert len(client.search_runs(ids)) == 5


class Spy:
    """A client whose searches are looked at."""

    def __init__(self, client, search):
        self.client = client
        self.search_runs = search

    def __getattr__(self, name):
        return getattr(self.client, name)


def test_results_of_other_settings_than_those_in_params_are_not_shown(world):
    text = (world.root / "params.yaml").read_text()
    (world.root / "params.yaml").write_text(text.replace('"dropout": 0.1', '"dropout": 0.2'))
    world.params = load()
    counts, messages = world.track()
    assert counts.new == 1
    assert any("wines_soft" in line and "dvc repro" in line for line in messages)


def test_of_a_training_that_was_stopped_nothing_is_shown_and_the_rest_is(world):
    shutil.rmtree(paths.models("wines", "wines_soft"))  # as DVC does when the stage begins
    counts, messages = world.track()
    assert counts.new == 1
    assert list(world.runs()) == [SUGAR]
    assert any("wines_soft" in line and "has not finished" in line for line in messages)


def test_a_lost_database_is_rebuilt_by_two_processes_at_once(world, start_track):
    (world.root / "mlflow.db").unlink()
    for name in ("mlflow.db.part", "mlflow.db.part-journal"):
        (world.root / name).write_bytes(b"left by one that was killed")
    processes = [start_track(), start_track()]
    answers = [process.communicate(timeout=100) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    texts = sorted(out.splitlines()[-1] for out, _ in answers)
    assert texts == ["MLflow: 0 new runs, 2 unchanged", "MLflow: 2 new runs, 0 unchanged"]
    assert set(world.runs()) == {WINES, SUGAR}


def test_a_file_that_is_no_database_is_refused_with_the_way_out(world):
    (world.root / "mlflow.db").write_bytes(b"no database" * 100)
    with pytest.raises(FoursplitError, match=r"move it away \(mv .*mlflow.db") as refused:
        door.track()
    assert "elete" not in str(refused.value)
    assert (world.root / "mlflow.db").read_bytes() == b"no database" * 100

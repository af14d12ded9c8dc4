"""The stage select on tables: the choice, its file and its sentence."""

import copy
import json

import numpy as np
import pytest
from tests.reporting.miniature import PARAMS, make_project

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.evaluation import experiment_tables
from foursplit.io import artifacts
from foursplit.stages import members, select

SELECTED = {
    *("winner", "best", "tied", "not_distinguished", "price_of_bounds", "prices", "ranking"),
    *("group", "metric"),
}
ROW = {"key", "metric", "costs", "meets_bounds", "broken", "worse_than_best", "failed_seeds"}


@pytest.fixture
def enter(tmp_path, monkeypatch):
    """Give a function that makes a miniature project with changed parameters."""

    def entered(change=lambda _: None):
        root = tmp_path / "small"
        monkeypatch.setenv("FOURSPLIT_ROOT", str(root))
        params = copy.deepcopy(PARAMS)
        change(params)
        make_project(root, params=params)
        members.run()
        return root

    yield entered
    paths.root.cache_clear()


def answer(key, seed, wrong, n_parameters):
    """Let an experiment err on dev's examples numbered in `wrong`."""
    folder = paths.seed_folder(paths.predictions("wines") / key, seed)
    table = experiment_tables.load(folder, "dev")
    loss = np.isin(np.arange(len(table)), list(wrong)).astype(float)
    experiment_tables.save(folder, "dev", table.assign(loss=loss, log_loss=2 * loss))
    summary = artifacts.read_json(folder / "summary.json")
    summary["metrics"]["dev"] = {"error": float(loss.mean()), "log_loss": float(2 * loss.mean())}
    summary["manifest"]["n_parameters"] = n_parameters
    artifacts.write_json(folder / "summary.json", summary)


def chosen():
    return json.loads(paths.selected("wines").read_text())


def two(**n_parameters):
    """Let `wines_good` err on 3 examples in each of its seeds, `wines_bad` on 4 others."""
    for seed in (1, 2):
        answer("wines_good", seed, {1, 2, 3}, n_parameters["good"])
    answer("wines_bad", 1, {11, 12, 13, 14}, n_parameters["bad"])


def test_the_file_has_what_others_read_and_what_ties_and_bounds_cost(enter):
    enter()
    two(good=40, bad=90)
    select.run("wines")
    made = chosen()
    assert set(made) == SELECTED
    row = made["ranking"][1]
    assert set(row) == ROW
    assert set(row["worse_than_best"]) == {"value", "lo", "hi", "at_most", "significant"}
    assert set(made["prices"][0]) == {"bound", "winner", "best", "metric", "gain"}


def margin(min_gain):
    return lambda params: params["groups"]["supervised"]["wines"].update(min_gain=min_gain)


def test_a_lead_that_dev_cannot_show_goes_to_the_best_number_and_the_sentence_says_so(enter):
    enter()
    two(good=40, bad=10)
    text = select.run("wines")
    made = chosen()
    assert (made["winner"], made["best"], made["tied"]) == ("wines_good",) * 2 + (["wines_good"],)
    assert made["not_distinguished"] == ["wines_bad"]
    assert text.startswith("wines_good wins on dev with error 0.0857")
    assert "not distinguish wines_good from wines_bad" in text


def test_a_cheaper_model_within_the_margin_wins_and_the_sentence_says_so(enter):
    enter(margin(0.5))
    two(good=40, bad=10)
    text = select.run("wines")
    made = chosen()
    assert (made["winner"], made["best"]) == ("wines_bad", "wines_good")
    assert made["tied"] == ["wines_bad", "wines_good"]
    assert text.startswith("wines_bad wins on dev with error 0.1143: worse than wines_good")
    assert "n_parameters, 10 against 40" in text


def test_without_ties_the_best_number_wins(enter):
    def change(params):
        margin(0.5)(params)
        params["diagnosis"].update(tie_probability=0)

    enter(change)
    two(good=40, bad=10)
    assert select.run("wines").startswith("wines_good wins on dev with error 0.0857")
    assert chosen()["tied"] == ["wines_good"]


def test_a_seed_that_the_diagnosis_calls_failed_is_named_and_loses_the_tie(enter):
    enter(margin(0.5))
    two(good=40, bad=10)
    path = paths.diagnosis(paths.predictions("wines") / "wines_bad")
    failed = {"seed_agreement": {"failed": ["seed_1"]}}
    artifacts.write_json(path, {**artifacts.read_json(path), **failed})
    assert "wines_bad: training failed for seed_1" in select.run("wines")
    assert chosen()["winner"] == "wines_good"
    assert [row["failed_seeds"] for row in chosen()["ranking"]] == [[], ["seed_1"]]


def test_seeds_count_as_their_mean(enter):
    # Seeds that err on 1, 2, 3 and on 1, 2, 3 and six more: 6 of 35 in the mean, against 4.
    enter()
    two(good=10, bad=20)
    answer("wines_good", 2, {1, 2, 3, 20, 21, 22, 23, 24, 25}, 10)
    select.run("wines")
    made = chosen()
    assert made["best"] == "wines_bad"
    assert made["ranking"][1]["metric"] == pytest.approx(6 / 35)


def test_another_metric_is_compared_by_its_own_column(enter):
    enter(lambda params: params["groups"]["supervised"]["wines"].update(metric="log_loss"))
    two(good=40, bad=10)
    assert "with log_loss 0.1714" in select.run("wines")
    (other,) = (row for row in chosen()["ranking"] if row["worse_than_best"])
    assert other["worse_than_best"]["value"] == pytest.approx(2 / 35)


def test_a_bound_has_its_price(enter):
    enter()
    two(good=140, bad=90)
    answer("wines_bad", 1, set(range(10, 30)), 90)
    assert select.run("wines").startswith("wines_bad wins")
    (price,) = chosen()["prices"]
    assert (price["winner"], price["best"]) == ("wines_good", "wines_good")
    assert price["gain"] == pytest.approx(17 / 35)
    assert chosen()["price_of_bounds"] == pytest.approx(17 / 35)


def test_where_nothing_meets_the_bounds_the_file_still_says_what_each_costs(enter):
    enter()
    two(good=140, bad=190)
    with pytest.raises(FoursplitError, match="no experiment meets every bound"):
        select.run("wines")
    assert chosen()["prices"][0]["winner"] == "wines_good"
    assert chosen()["winner"] is None


def test_a_column_that_a_table_lacks_is_refused_by_file(enter):
    enter()
    two(good=40, bad=10)
    folder = paths.seed_folder(paths.predictions("wines") / "wines_bad", 1)
    experiment_tables.save(
        folder, "dev", experiment_tables.load(folder, "dev").drop(columns="loss")
    )
    with pytest.raises(FoursplitError, match=r"dev.parquet: unknown column 'loss'"):
        select.run("wines")

"""`foursplit rescore` as a person types it."""

import json

import pytest
from click.testing import CliRunner
from tests.reporting.miniature import make_project

from foursplit.cli.main import main
from foursplit.config import paths


@pytest.fixture
def small(tmp_path, monkeypatch):
    root = tmp_path / "small"
    monkeypatch.setenv("FOURSPLIT_ROOT", str(root))
    make_project(root)
    yield root
    paths.root.cache_clear()


def run(*arguments, code=0):
    done = CliRunner().invoke(main, ["rescore", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def test_without_more_it_ranks_every_group(small):
    text = run()
    for group in ("wines", "sugar", "figures"):
        assert f"{group}: " in text
    assert "wines: 2 of 2 recorded runs, on 35 dev examples" in text
    assert "wines_good wins" in text
    assert "! violates a bound, or its cost is unknown" in text


def test_a_rule_shows_both_ranks_and_goes_into_the_file(small, tmp_path):
    file = tmp_path / "r.json"
    text = run("wines", "--weight", "meta.band=high:4", "--metric", "log_loss", "--json", file)
    assert "log_loss ×meta.band=high:4" in text
    assert "wins before and after" in text
    told = json.loads(file.read_text())
    assert told["schema"] == "foursplit.rescore/1"
    (group,) = told["groups"]
    assert group["new"]["weights"] == ["meta.band=high:4"]
    assert {run["label"] for run in group["runs"]} == {"wines_good", "wines_bad"}
    assert group["preference"] is None


def test_todays_numbers_are_those_of_evaluate(small, tmp_path):
    file = tmp_path / "r.json"
    run("wines", "--json", file)
    told = json.loads(file.read_text())["groups"][0]["runs"]
    (bad,) = [run["old"] for run in told if run["label"] == "wines_bad"]
    summary = json.loads(
        (small / "data/predictions/wines/wines_bad/seed_1/summary.json").read_text()
    )
    assert bad == summary["splits"]["dev"]


def test_a_preference_is_answered(small, tmp_path):
    file = tmp_path / "r.json"
    text = run(
        "wines",
        "--preferred",
        "wines_bad",
        "--rejected",
        "wines_good",
        "--where",
        "meta.band=low",
        "--json",
        file,
    )
    told = json.loads(file.read_text())["groups"][0]["preference"]
    assert told["sentence"] in text
    assert told["n_on"] > 0


def test_a_group_that_a_rule_does_not_fit_is_named_and_passed_over(small):
    text = run("--metric", "squared_error")
    assert "sugar: 1 of 1" in text
    assert "skipped: wines: task classify: unknown metric 'squared_error'" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["wine"], "unknown group 'wine'. Did you mean 'wines'"),
        (["wines", "--weight", "domain=all"], "must be COLUMN=VALUE:WEIGHT"),
        (["wines", "--weight", "colour=red:3"], "unknown column 'colour'"),
        (["wines", "--metric", "auc"], "unknown metric 'auc'"),
        (["wines", "--preferred", "wines_bad"], "--preferred KEY, --rejected KEY and --where"),
        (["--metric", "auc"], "figures: task classify: unknown metric 'auc'"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_right(small, arguments, says):
    assert says in run(*arguments, code=2)

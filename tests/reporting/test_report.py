"""What the report's files hold, as a whole."""

import copy
import csv
import dataclasses
import json
import re
import subprocess
import sys
from html import escape
from html.parser import HTMLParser

import pytest
from tests.reporting.miniature import PARAMS

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.learning_curve import learning_curve_summary
from foursplit.evaluation.learning_curve_runs import CurveMeasurement
from foursplit.io import artifacts
from foursplit.stages import report

RESOURCES = ("src", "href", "srcset", "data", "action", "poster", "xlink:href")


class Links(HTMLParser):
    """Collect what a page would load or lead to, and its tags."""

    def __init__(self):
        super().__init__()
        self.links, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in RESOURCES]


def files(root):
    """Give every file that report writes."""
    written = [root / "metrics.json", *sorted((root / "reports").rglob("*"))]
    return {str(p.relative_to(root)): p.read_bytes() for p in written if p.is_file()}


def pages(root):
    return {p: p.read_text(encoding="utf-8") for p in sorted((root / "reports").rglob("*.html"))}


def page(root, key):
    return (root / "reports" / "experiments" / f"{key}.html").read_text(encoding="utf-8")


def test_the_bytes_repeat_wherever_the_project_lies(make):
    first = make("one")
    assert report.run().endswith("reports/index.html")
    once = files(first)
    report.run()
    assert files(first) == once
    second = make("another place")
    report.run()
    assert files(second) == once


def test_every_experiment_has_a_page_and_a_row_that_leads_to_it(reported):
    index = (reported / "reports" / "index.html").read_text(encoding="utf-8")
    for key in PARAMS["experiments"]["supervised"]:
        assert f'href="experiments/{key}.html"' in index
        assert key in page(reported, key)


def test_nothing_is_loaded_from_anywhere_and_every_link_leads_to_a_file(reported):
    for path, text in pages(reported).items():
        found = Links()
        found.feed(text)
        assert not {"script", "link", "iframe", "object"} & set(found.tags)
        assert "@import" not in text
        assert "url(" not in text
        for link in found.links:
            if not link.startswith("data:image/png;base64,"):
                assert (path.parent / link).resolve().is_file(), (path.name, link)


def test_the_test_error_of_an_experiment_that_was_not_chosen_appears_nowhere(reported):
    metrics = json.loads((reported / "metrics.json").read_text())["supervised"]
    assert "test" in metrics["wines_good"]
    assert "test" not in metrics["wines_bad"]
    assert "dev_overfit" not in metrics["wines_bad"]["gaps"]
    loser, winner = page(reported, "wines_bad"), page(reported, "wines_good")
    assert "dot test" not in loser
    assert "sealed" in loser
    assert "dot test" in winner
    index = (reported / "reports" / "index.html").read_text()
    # Three winners, each with one point in its group's figure; one experiment stays sealed.
    assert index.count('class="dot test"') == 3
    assert index.count('class="sealed"') == 1


def test_a_hostile_name_or_title_stays_text(make, monkeypatch):
    bad = "<img src=x onerror=alert(1)>"
    dataset = plugins.dataset("wine")
    hostile = dataclasses.replace(
        dataset.SPEC, title=bad, cite=bad, target='y"><b>', reference=None
    )
    monkeypatch.setattr(dataset, "SPEC", hostile)
    params = copy.deepcopy(PARAMS)
    block = params["experiments"]["supervised"]
    block["wines_bad"]["week"] = bad
    root = make("hostile", params=params)
    report.run()
    assert any("&lt;img" in text for text in pages(root).values())
    for text in pages(root).values():
        assert "<img src=x" not in text
        assert 'y"><b>' not in text


def test_experiments_below_the_baseline_or_violating_a_bound_are_flagged(reported):
    index = (reported / "reports" / "index.html").read_text()
    assert index.count("not significantly better than the baseline on dev") == 1
    for text in (index, page(reported, "wines_bad")):
        assert "not significantly better than the baseline on dev" in text
        assert "violates a bound: n_parameters 120 exceeds 100" in text
    assert "not significantly better" not in page(reported, "wines_good")


def test_a_learning_curve_is_on_the_page_of_its_experiment_only(make):
    names = {"group": "wines", "dataset": "wine", "task": "classify", "model": "linear"}
    curves = {"supervised": {"wines_good": names}}
    root = make("grown", params={**PARAMS, "curves": curves})
    points = [
        CurveMeasurement(
            size=size,
            n=n,
            repeat=repeat,
            train_error=0.01,
            train_dev_error=0.1,
            dev_error=0.08 + 3 / n + 0.001 * repeat,
        )
        for size, n in enumerate((10, 20, 40), start=1)
        for repeat in (1, 2)
    ]
    human = {"error": 0.02, "kind": "human", "where": "x"}
    curve = learning_curve_summary(points, human, {"all": "source"}, load().diagnosis)
    for key in ("wines_good", "wines_bad"):  # the second is not asked for any more
        artifacts.write_json(paths.curves("wines") / f"{key}.json", curve)
    report.run()
    text = (root / "reports" / "experiments" / "wines_good.html").read_text()
    assert "Would more data help?" in text
    assert escape(curve["dev"]["verdict"]["sentence"]) in text
    assert curve["about"] in text
    assert text.count('class="point train"') == text.count('class="point dev"') == 6
    assert "Would more data" not in (root / "reports/experiments/wines_bad.html").read_text()


def test_the_page_of_a_model_without_epochs_has_no_curves(reported):
    assert "not trained in epochs" in page(reported, "sugar_direct")
    assert "not trained in epochs" not in page(reported, "wines_good")
    assert not (reported / "reports" / "plots" / "curves" / "sugar_direct.csv").exists()


def test_several_seeds_are_shown_one_by_one(reported):
    assert "Errors by seed" in page(reported, "wines_good")
    assert "Errors by seed" not in page(reported, "wines_bad")


def test_pictures_are_in_the_page_and_tables_show_the_features(reported):
    assert "data:image/png;base64," in page(reported, "figures_drawn")
    assert "data:image/png;base64," not in page(reported, "wines_good")
    assert "colour intensity" in page(reported, "wines_good")


def test_the_data_card_shows_removed_duplicates_and_too_few_groups(reported):
    text = page(reported, "wines_good")
    assert "1 (1 of train)" in text
    assert "fewer than 30 groups" in text
    assert "2 of 2 passed" in text
    assert "fewer than 30 groups" not in page(reported, "sugar_direct")


def test_the_gaps_in_metrics_add_up_from_human_to_the_unseen_and_from_dev_to_test(reported):
    metrics = json.loads((reported / "metrics.json").read_text())["supervised"]
    good = metrics["wines_good"]
    gaps = good["gaps"]  # of one distribution: variance ends at train-dev and dev together
    unseen = good["human"] + gaps["avoidable_bias"] + gaps["variance"]
    between = sorted((good["train_dev"], good["dev"]))
    assert between[0] - 1e-5 <= unseen <= between[1] + 1e-5
    assert good["dev"] + gaps["dev_overfit"] == pytest.approx(good["test"], abs=1e-5)
    assert "human" not in metrics["sugar_direct"]  # nobody measured one


def test_metrics_have_the_test_interval_of_the_winner_only(reported):
    metrics = json.loads((reported / "metrics.json").read_text())["supervised"]
    good = metrics["wines_good"]
    assert good["test_lo"] <= good["test"] <= good["test_hi"]
    assert good["test"] < good["test_baseline"]
    assert (good["n_test"], good["n_seeds"]) == (30, 2)
    assert not [name for name in metrics["wines_bad"] if "test" in name]


def test_the_plot_files_have_the_columns_of_dvc_plots(reported):
    plots = reported / "reports" / "plots"
    with (plots / "errors.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["experiment"] for row in rows] == list(PARAMS["experiments"]["supervised"])
    assert set(rows[0]) == {"experiment", "error"}
    with (plots / "curves" / "wines_good.csv").open(newline="") as file:
        curve = list(csv.DictReader(file))
    # Epoch 2 has no dev error in the miniature's curve.
    assert [row["epoch"] for row in curve] == ["1", "3"]
    assert curve[1]["dev_error"] == "0.3"


def test_a_group_compared_on_another_metric_shows_it(reported):
    index = (reported / "reports" / "index.html").read_text()
    assert index.count("Dev log_loss") == 1


def test_an_experiment_that_was_not_evaluated_is_named(make):
    params = copy.deepcopy(PARAMS)
    root = make("first", params=params)
    block = params["experiments"]["supervised"]
    block["wines_new"] = block["wines_bad"]
    (root / "params.yaml").write_text(json.dumps(params))
    report.run()
    index = (root / "reports" / "index.html").read_text()
    assert re.search(r"Not evaluated yet: .*wines_new", index)


def test_without_results_the_report_raises(project):
    with pytest.raises(FoursplitError, match="dvc repro"):
        report.run()
    assert not (project / "reports").exists()


def test_the_report_needs_neither_torch_nor_mlflow(make):
    root = make("small")
    code = (
        "import sys; from foursplit.stages import report; report.run(); "
        "print([m for m in ('torch', 'mlflow', 'pytorch_lightning') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_no_path_of_this_machine_is_written(reported):
    for name, content in files(reported).items():
        assert str(reported).encode() not in content, name

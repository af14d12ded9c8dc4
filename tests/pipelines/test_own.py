"""A reader's CSV and a reader's model go through the whole pipeline, two files touched each."""

import re
import sys

import numpy as np
import pandas as pd
import pytest
from tests import dirty_tables

from foursplit.io import artifacts


def customers(path, rng, n=400):
    """Write customers who leave the likelier, the longer they wait and the dearer their plan."""
    wait, plan = rng.exponential(5, n), rng.choice(["basic", "plus"], n)
    odds = 0.6 * wait - 3 + 1.5 * (plan == "plus")
    left = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no")
    name = [f"customer {i}" for i in range(n)]
    frame = pd.DataFrame({"name": name, "wait_minutes": wait, "plan": plan, "left": left})
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)


@pytest.mark.slow
def test_your_own_data_and_model_in_ci(clone, rng):
    customers(clone.folder / "data" / "own" / "churn.csv", rng)
    clone.run("git", "add", "-A")
    clone.run("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "data")

    clone.run(
        "foursplit", "new", "dataset", "churn", "--csv", "data/own/churn.csv", "--target", "left"
    )
    sheet = "data/tags/churn.csv"  # empty: nobody has read an error yet
    assert clone.git_status() == {"params.yaml", "src/foursplit_courses/datasets/churn.py", sheet}
    clone.run("git", "add", "-A")
    clone.run("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "source")

    clone.run("foursplit", "new", "model", "wide_net", "--group", "churn")
    assert clone.git_status() == {"params.yaml", "src/foursplit_courses/models/wide_net.py"}

    text = clone.run("foursplit", "repro", "pipelines/own/dvc.yaml")
    assert "churn_linear" in text
    assert "churn_wide_net" in text
    chosen = artifacts.read_json(clone.folder / "data" / "selected" / "churn.json")
    assert {row["key"] for row in chosen["ranking"]} == {"churn_linear", "churn_wide_net"}
    summary = artifacts.read_json(
        clone.folder / "data" / "final" / "churn" / "seed_1" / "summary.json"
    )
    assert set(summary["splits"]) == {"train", "train_dev", "dev", "test"}
    assert summary["baseline"]["dev"]["beaten"]

    # A row more, and what depends on the file runs again, and nothing else.
    path = clone.folder / "data" / "own" / "churn.csv"
    path.write_text(path.read_text() + "one more,1.5,plus,no\n")
    plan = clone.run("dvc", "repro", "--dry", "pipelines/own/dvc.yaml")
    assert "Running stage 'pipelines/data/dvc.yaml:fetch@churn'" in plan
    assert "Running stage 'pipelines/data/dvc.yaml:fetch@wine'" not in plan

    # The files that were written pass the house's own lint.
    clone.run(
        "ruff",
        "check",
        "src/foursplit_courses/datasets/churn.py",
        "src/foursplit_courses/models/wide_net.py",
    )


@pytest.mark.slow
def test_a_file_with_every_kind_of_dirt_goes_to_a_report_without_an_edit_in_ci(clone):
    table = dirty_tables.all_at_once()
    path = clone.folder / "data" / "own" / "dirty.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path)  # with the index that pandas writes
    clone.run(
        "foursplit", "new", "dataset", "dirty", "--csv", "data/own/dirty.csv", "--target", "left"
    )
    text = clone.run("foursplit", "repro", "pipelines/own/dvc.yaml")
    page = clone.folder / "reports" / "latest" / "experiments" / "dirty_linear.html"
    assert str(page.parent.parent / "index.html") in text
    assert "customer_id" in page.read_text()  # by which a person finds the worst examples' rows
    before = clone.git_status()
    clone.run("foursplit", "error-sheet", "dirty_linear")
    assert clone.git_status() == before
    table.drop(columns="left").to_csv(clone.folder / "new.csv", index=False)
    clone.run("foursplit", "predict", "dirty_linear", "new.csv", "-o", "answers.csv")
    answers = pd.read_csv(clone.folder / "answers.csv")
    assert answers["row"].tolist() == list(range(1, len(table) + 1))
    assert answers["customer_id"].tolist() == table["customer_id"].tolist()
    assert set(answers["y_hat"]) <= {"Yes", "No"}


@pytest.mark.slow
def test_new_rows_and_requests_are_answered_by_the_threshold_frozen_on_dev_in_ci(clone):
    path = clone.folder / "data" / "own" / "churn.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = dirty_tables.clean()
    table.to_csv(path, index=False)
    clone.run("foursplit", "new", "dataset", "churn", "--csv", str(path), "--target", "left")
    params = clone.folder / "params.yaml"
    text = params.read_text()
    (line,) = re.findall(r"^ +churn: \{dataset: churn, .*metric: error.*\}", text, re.M)
    chosen = 'metric: f1, metric_args: {positive: "Yes"}, threshold: dev'
    params.write_text(text.replace(line, line.replace("metric: error", chosen)))
    clone.run("git", "add", "-A")
    clone.run("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "data")
    clone.run("foursplit", "repro", "churn")
    folder = clone.folder / "data" / "final" / "churn" / "seed_1"
    value = artifacts.read_json(folder / "summary.json")["threshold"]
    clone.run("foursplit", "predict", "churn_linear", str(path), "-o", "answers.csv")
    answers = pd.read_csv(clone.folder / "answers.csv")
    assert answers["threshold"].tolist() == pytest.approx([value] * len(table))
    above = answers["proba_Yes"] >= value
    assert answers["y_hat"].tolist() == np.where(above, "Yes", "No").tolist()
    assert (above != (answers["proba_Yes"] >= 0.5)).any()  # the likelier class is another

    clone.run("foursplit", "gate", "churn", "--promote")
    code = (
        "import mlflow, pandas; mlflow.set_tracking_uri('sqlite:///mlflow.db');"
        "model = mlflow.pyfunc.load_model('models:/churn@champion');"
        f"rows = pandas.read_csv({str(path)!r}).drop(columns='left');"
        "model.predict(rows).to_csv('served.csv', index=False)"
    )
    clone.run(sys.executable, "-c", code)
    served = pd.read_csv(clone.folder / "served.csv")
    pd.testing.assert_frame_equal(served, answers[served.columns], rtol=1e-9)


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (["a", "b", "a", "b"], "classify_binary"),
        (["a", "b", "c", "a"], "classify"),
        ([0, 1, 2, 1], "classify"),
        ([0.5, 1.5, 2.5, 9.0], "regress"),
        ([100, 200, 150, 120], "regress"),
    ],
)
def test_the_kind_of_answer_is_guessed_from_the_target(target, kind):
    from foursplit.scaffold import infer_schema

    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": target})
    assert infer_schema.infer_schema(frame, "y").target.task == kind

"""Anybody's tables: from the command line, without a project, and without what it does not need."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from tests import forked

from foursplit.cli.main import main


@pytest.fixture
def predictions(tmp_path):
    """Give tables in which dev is worse than train-dev, most of all in the evening."""
    rng, folder = np.random.default_rng(5), tmp_path / "predictions"
    folder.mkdir()
    for split, rate in {"train": 0.01, "train_dev": 0.02, "dev": 0.1, "test": 0.1}.items():
        n = 2000
        hour = rng.choice(["morning", "noon", "evening"], n)
        rates = np.where(hour == "evening", 3 * rate, rate) if split in ("dev", "test") else rate
        frame = pd.DataFrame({"example_id": [f"{split}-{i}" for i in range(n)], "meta.hour": hour})
        frame["loss"] = (rng.random(n) < rates).astype(float)
        frame.to_csv(folder / f"{split}.csv", index=False)
    return folder


def run(*arguments, cwd, code=0):
    done = forked.run(
        ["foursplit", *arguments],
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k != "FOURSPLIT_ROOT"},
    )
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def test_it_says_where_the_error_is_and_what_to_try(predictions, tmp_path):
    page, file = tmp_path / "d.html", tmp_path / "d.json"
    text = run(
        "diagnose",
        predictions,
        "--human-error",
        "0.01",
        "--html",
        page,
        "--json",
        file,
        cwd=tmp_path,
    )
    assert "Work on data mismatch" in text
    assert "collect or synthesize examples with hour = evening" in text
    told = json.loads(file.read_text())
    assert told["schema"] == "foursplit.diagnosis/2"
    assert told["slices"]["slices"][0]["where"] == {"hour": "evening"}
    assert told["slices"]["slices"][0]["confirmed"]
    html = page.read_text()
    assert "hour = evening" in html
    assert "<svg" in html
    assert "http" not in html.replace("http://www.w3.org", "")  # opens offline


def test_it_needs_neither_a_project_nor_dvc_nor_mlflow_nor_torch(predictions, tmp_path):
    code = (
        "import sys; from foursplit.cli.main import main\n"
        f"main(['diagnose', {str(predictions)!r}], standalone_mode=False)\n"
        "print(sorted({'torch', 'mlflow', 'dvc', 'sklearn', 'pytorch_lightning'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


def test_a_sheet_goes_out_and_comes_back_with_tags(predictions, tmp_path):
    sheet = tmp_path / "sheet.csv"
    text = run("error-sheet", predictions, "--out", sheet, cwd=tmp_path)
    assert "20 correct predictions" in text
    filled = pd.read_csv(sheet, dtype=str, keep_default_na=False)
    filled["tags"] = np.where(filled["meta.hour"] == "evening", "dark", "odd; blurry")
    filled.to_csv(sheet, index=False)
    text = run("diagnose", predictions, "--sheet", sheet, cwd=tmp_path)
    (step,) = [line for line in text.splitlines() if "'dark'" in line]  # one cause, one step
    assert "evening" in step
    filled["label_audit"] = np.where(filled["is_error"] == "True", "wrong", "ok")
    filled.to_csv(sheet, index=False)
    page = tmp_path / "d.html"
    text = run("diagnose", predictions, "--sheet", sheet, "--html", page, cwd=tmp_path)
    assert "correct the wrong labels, on both dev and test" in text
    assert "0 of 20 audited correct predictions have a wrong label" in page.read_text()
    assert "already exists" in run("error-sheet", predictions, "--out", sheet, cwd=tmp_path, code=2)


def test_the_lowest_of_several_human_levels_is_taken_and_all_are_told(predictions, tmp_path):
    page, file = tmp_path / "d.html", tmp_path / "d.json"
    text = run(
        "diagnose",
        predictions,
        "--human-error",
        "doctor=0.01",
        "--human-error",
        "team=0.005",
        "--json",
        file,
        "--html",
        page,
        cwd=tmp_path,
    )
    assert "0.50%  given" in text
    assert "team reached it" in text
    human = json.loads(file.read_text())["human"]
    assert human["who"] == "team"
    assert {row["who"]: row["taken"] for row in human["levels"]} == {"doctor": False, "team": True}
    assert "such as doctor's" in page.read_text().replace("&#39;", "'")


def test_perfect_parts_and_scores_of_the_truth_are_told_and_drawn(predictions, tmp_path):
    frame, rng = pd.read_csv(predictions / "dev.csv"), np.random.default_rng(1)
    luck = rng.random(len(frame))
    frame["oracle.detector"] = frame["loss"] * (luck > 0.9)
    frame["oracle.breed"] = frame["loss"] * (luck < 0.9)
    frame["oracle.detector+breed"] = 0
    frame["oracle_type.box"] = frame["loss"] * (luck > 0.5)
    frame["score_y"] = np.where(frame["loss"] > 0, luck, np.nan)
    frame["score_y_hat"] = np.where(frame["loss"] > 0, 0.95, np.nan)
    frame.to_csv(predictions / "dev.csv", index=False)
    page, file = tmp_path / "d.html", tmp_path / "d.json"
    text = run("diagnose", predictions, "--json", file, "--html", page, cwd=tmp_path)
    told = json.loads(file.read_text())
    detector, breed = told["ceilings"]["parts"]
    assert detector["cumulative"]["value"] + breed["cumulative"]["value"] == pytest.approx(
        told["splits"]["dev"]["value"]
    )
    assert told["ceilings"]["attribution"]["shares"]["detector"] == pytest.approx(0.9, abs=0.05)
    assert told["search"]["work_on"] == "objective"
    for words in ("perfect detector: ", "no box errors: ", "improve detector", "another objective"):
        assert words in text
    html = page.read_text()
    for words in ("Ceiling analysis", "Improve the objective function", "detector", "box"):
        assert words in html


def test_the_size_of_dev_is_judged_by_the_gain_that_matters(predictions, tmp_path):
    file = tmp_path / "d.json"
    text = run("diagnose", predictions, "--min-gain", "0.002", "--json", file, cwd=tmp_path)
    assert "ST011 with 2,000 dev examples a true gain of 0.20%" in text
    sizes = json.loads(file.read_text())["sizes"]
    assert (sizes["delta"], sizes["enough"]) == (0.002, False)
    assert sizes["dev"] > 100_000


BAD = {
    "a column missing": ("loss\n1\n", "dev.csv: no column 'example_id'; it has 'loss'"),
    "no loss": ("example_id\n1\n", "dev.csv: needs 'loss', or 'y' and 'y_hat'; it has"),
    "a loss that is no number": ("example_id,loss\n1,0\n2,nan\n", "dev.csv: column 'loss', row 2"),
    "a negative loss": ("example_id,loss\n1,0\n2,-1\n", "dev.csv: column 'loss', row 2: -1"),
    "an id twice": ("example_id,loss\n1,0\n1,1\n", "column 'example_id', row 2: '1' stands here"),
    "an id in two splits": (
        "example_id,loss\nx,0\ntrain-5,1\n",
        "dev.csv: column 'example_id', row 2: 'train-5' is in 'train' too",
    ),
    "words for numbers": ("example_id,loss\n1,0\n2,bad\n", "column 'loss', row 2: 'bad' is no"),
    "a wrong part": ("example_id,loss,oracle.a\n1,0,x\n", "column 'oracle.a', row 1: 'x' is no"),
    "half of a pair of scores": (
        "example_id,loss,score_y\n1,0,1\n", "column 'score_y' needs 'score_y_hat'",
    ),
    "an annotator below nothing": (
        "example_id,loss,human_loss.a\n1,0,\n2,0,-1\n", "column 'human_loss.a', row 2: -1",
    ),
    "an empty file": ("", "dev.csv: not readable as CSV"),
    "no rows": ("example_id,loss\n", "dev.csv: no rows"),
    "a CSV that is none": ("\x00\x01\x02", "not readable as CSV"),
    "rows of different lengths": ("example_id,loss\n1,0\n2,1,3,4\n", "not readable as CSV"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_by_file_column_and_row(predictions, tmp_path, case):
    content, words = BAD[case]
    (predictions / "dev.csv").write_text(content)
    done = CliRunner().invoke(main, ["diagnose", str(predictions)])
    assert done.exit_code == 2, done.output
    assert words in done.output
    assert str(predictions / "dev.csv") in done.output


def test_an_unknown_split_is_answered_with_the_known_ones(predictions):
    (predictions / "dev.csv").rename(predictions / "fresh.csv")
    done = CliRunner().invoke(main, ["diagnose", str(predictions)])
    assert done.exit_code == 2
    assert "fresh.csv: unknown split 'fresh'" in done.output
    assert "Valid: dev, test, train, train_dev" in done.output


@pytest.mark.parametrize(
    "rows", [[0], [1], [0] * 300, [1] * 300], ids=["one right", "one wrong", "right", "wrong"]
)
def test_little_and_extreme_tables_are_no_error(predictions, tmp_path, rows):
    for split in ("train", "train_dev", "dev", "test"):
        lines = [f"{split}{k},{loss}" for k, loss in enumerate(rows)]
        (predictions / f"{split}.csv").write_text("\n".join(["example_id,loss", *lines]))
    file = tmp_path / "d.json"
    arguments = [
        "diagnose",
        str(predictions),
        "--json",
        str(file),
        "--html",
        str(tmp_path / "d.html"),
    ]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(file.read_text())
    assert told["verdict"]["primary"] == []
    assert told["splits"]["dev"]["lo"] < told["splits"]["dev"]["hi"]


def test_ten_thousand_tags_are_no_error(predictions, tmp_path):
    frame = pd.read_csv(predictions / "dev.csv")
    frame["tags"] = [f"t{5 * k};t{5 * k + 1}" for k in range(len(frame))]
    frame.loc[frame.index[0], "tags"] = ";".join(f"t{k}" for k in range(10_000))
    frame.to_csv(predictions / "dev.csv", index=False)
    file = tmp_path / "d.json"
    done = CliRunner().invoke(main, ["diagnose", str(predictions), "--json", str(file)])
    assert done.exit_code == 0, done.output
    tags = json.loads(file.read_text())["tags"]
    assert len(tags["tags"]) == 50
    assert tags["n_left_out"] > 0


def test_domains_make_a_table_whose_empty_cells_say_what_would_fill_them(predictions, tmp_path):
    for split in ("train", "train_dev", "dev", "test"):
        frame = pd.read_csv(predictions / f"{split}.csv")
        frame["domain"] = "web" if split.startswith("train") else "phone"
        frame.to_csv(predictions / f"{split}.csv", index=False)
    page = tmp_path / "d.html"
    run("diagnose", predictions, "--html", page, cwd=tmp_path)
    html = page.read_text()
    assert "By domain" in html
    assert "train on some phone examples" in html


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["diagnose", "nowhere"], "nowhere: no such folder"),
        (["diagnose", "predictions", "--human-error", "2"], "for 2% write 0.02"),
        (["diagnose", "predictions", "--human-error", "team=2"], "for 2% write 0.02"),
        (["diagnose", "predictions", "--human-error", "team=low"], "'low' is not a number"),
        (["diagnose", "predictions", "--human-error", "nan"], "errors are fractions from 0 to 1"),
        (["diagnose", "predictions", "--human-error", "=0.1"], "a name and an error, such as team"),
        (
            ["diagnose", "predictions", "--human-error", "0.1", "--human-error", "0.2"],
            "'people' occurs twice; each level needs its own name",
        ),
        (
            ["diagnose", "predictions", "--human-error-on", "0.1"],
            "--human-error-on 0.1: write a name",
        ),
        (["diagnose", "predictions", "--desired-error", "7"], "--desired-error 7: errors are"),
        (["diagnose", "predictions", "--min-gain", "1.5"], "--min-gain 1.5: errors are"),
        (["diagnose", "predictions", "--sheet", "none.csv"], "none.csv"),
        (["error-sheet", "nowhere", "--out", "x.csv"], "nowhere: no such folder"),
    ],
)
def test_what_is_wrong_is_named(predictions, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2, done.output
    assert words in done.output


def test_a_bad_table_writes_no_file(predictions, tmp_path):
    (predictions / "dev.csv").write_text("example_id,loss\n1,0\n2,x\n")
    text = run("diagnose", predictions, "--json", tmp_path / "d.json", cwd=tmp_path, code=2)
    assert "dev.csv: column 'loss', row 2: 'x' is no number" in text
    assert not (tmp_path / "d.json").exists()


def test_two_models_are_compared_on_the_same_examples(predictions, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    frame = pd.read_csv(predictions / "dev.csv")
    frame.loc[frame.index[:200], "loss"] = 0.0  # better, wherever it was wrong there
    frame.sample(frac=1, random_state=1).to_csv(other / "dev.csv", index=False)
    text = run("compare", predictions, other, cwd=tmp_path)
    assert text.startswith("B is significantly better")
    assert "mcnemar exact" in text
    frame.iloc[1:].to_csv(other / "dev.csv", index=False)
    assert "dev-0" in run("compare", predictions, other, cwd=tmp_path, code=2)
    assert "no table of 'val'" in run(
        "compare", predictions, other, "--split", "val", cwd=tmp_path, code=2
    )


def test_a_learning_curve_that_has_flattened_says_that_more_data_cannot_help(tmp_path):
    # Desired 2 %, train 18 %, dev 19 %: bias, and no data will mend it.
    rows = [(n, 0.19 + 1 / n + noise) for n in (1000, 2000, 4000, 10000) for noise in (0, 0.001)]
    pd.DataFrame(rows, columns=["n", "error"]).to_csv(tmp_path / "curve.csv", index=False)
    text = run(
        "learning-curve", "curve.csv", "--train-error", "0.18", "--target", "0.02", cwd=tmp_path
    )
    assert "More data cannot help" in text
    (tmp_path / "curve.csv").write_text("n,error\n100,0.2\nx,0.1\n")
    text = run(
        "learning-curve", "curve.csv", "--train-error", "0", "--target", "0", cwd=tmp_path, code=2
    )
    assert "column 'n', row 2: x is not a size" in text


def test_a_learning_curve_may_bring_its_train_errors_and_its_sizes(tmp_path):
    # Repeats of one size whose whole groups made them unequal; train is 18 % at the largest.
    rows = [
        (size, n + repeat, train, 0.19 + 1 / n)
        for size, (n, train) in enumerate(((1000, 0.1), (2000, 0.15), (4000, 0.17), (9999, 0.18)))
        for repeat in (0, 2)
    ]
    names = ["size", "n", "train_error", "dev_error"]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "curve.csv", index=False)
    text = run("learning-curve", "curve.csv", "--target", "0.02", cwd=tmp_path)
    assert "train error of 18.0% is" in text
    assert "10,000" in text.splitlines()[3]
    assert "State a desired error" in run("learning-curve", "curve.csv", cwd=tmp_path)
    pd.DataFrame(rows, columns=names).drop(columns="train_error").to_csv(tmp_path / "bare.csv")
    assert "Pass --train-error" in run("learning-curve", "bare.csv", cwd=tmp_path, code=2)


def test_suspected_labels_come_with_others_drawn_at_random(predictions, tmp_path):
    rng = np.random.default_rng(3)
    frame = pd.read_csv(predictions / "dev.csv")
    truth = rng.integers(0, 2, len(frame))
    proba = np.clip(truth + rng.normal(0, 0.15, len(frame)), 0.01, 0.99)
    label = truth.copy()
    label[:30] = 1 - label[:30]  # mislabelled
    frame = frame.assign(
        y=label, y_hat=truth, loss=(label != truth) * 1.0, proba_0=1 - proba, proba_1=proba
    )
    frame.to_csv(predictions / "dev.csv", index=False)
    text = run("error-sheet", predictions, "--labels", "--out", "labels.csv", cwd=tmp_path)
    assert "random ones" in text
    found = pd.read_csv(tmp_path / "labels.csv", dtype=str)
    suspected = set(found.loc[found["why"] != "random", "example_id"])
    assert len(suspected & {f"dev-{n}" for n in range(30)}) >= 25

"""No command lets a foreign table's names and values speak to the terminal."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from tests.core.test_terminal import obeyed

from foursplit.cli.main import main

ATTACK = "\x1b]0;owned\x07\x1b]52;c;cm0=\x07\x1b[2J\x9b2J\r\u202e"

N = 400


def said(*command):
    done = CliRunner().invoke(main, list(map(str, command)), color=True)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    text = re.sub("\x1b\\[(31|0|1)m", "", done.output)  # the red and bold that are ours
    assert not obeyed(text, "\n\t"), repr(text)
    return done


@pytest.fixture
def tables(tmp_path, rng):
    """Write tables in which every name and every text holds escapes."""
    folder = tmp_path / "tables"
    folder.mkdir()
    for split, rate in (("train", 0.05), ("dev", 0.3)):
        slow = np.arange(N) % 4 == 0
        y = rng.choice([f"a{ATTACK}", f"b{ATTACK}"], N)
        wrong = rng.random(N) < rate * (1 + slow)
        y_hat = np.where(wrong, f"b{ATTACK}", y)
        frame = pd.DataFrame(
            {
                "example_id": [f"{split}{ATTACK}{index}" for index in range(N)],
                "group_id": [f"{ATTACK}{index // 2}" for index in range(N)],
                "domain": f"web{ATTACK}",
                "y": y,
                "y_hat": y_hat,
                f"proba_a{ATTACK}": np.where(y == f"a{ATTACK}", 0.9, 0.1),
                f"proba_b{ATTACK}": np.where(y == f"a{ATTACK}", 0.1, 0.9),
                "tags": [f"blurred{ATTACK}" if index % 5 else "" for index in range(N)],
                f"meta.light{ATTACK}": np.where(slow, f"dark{ATTACK}", f"bright{ATTACK}"),
                f"human_loss.team{ATTACK}": (rng.random(N) < 0.02).astype(float),
                f"oracle.lens{ATTACK}": np.where(slow, 0.0, wrong),
                f"oracle_type.kind{ATTACK}": np.where(slow, 0.0, wrong),
            }
        )
        frame.to_parquet(folder / f"{split}.parquet")
    return folder


def test_diagnose_compare_and_sheets_show_escapes_and_send_none(tables, tmp_path):
    done = said("diagnose", tables, "--human-error", "0.01")
    assert done.exit_code == 0, done.output
    assert "\\x1b" in done.output
    said("diagnose", tables, "--human-error", f"team{ATTACK}=0.01", "--human-error", "x=0.02")
    said("diagnose", tables, "--human-error-on", f"web{ATTACK}=0.01")
    said("compare", tables, tables)
    said("error-sheet", tables, "--out", tmp_path / "sheet.csv")
    said("error-sheet", tables, "--out", tmp_path / "labels.csv", "--labels")
    said("diagnose", tables, "--sheet", tmp_path / "sheet.csv")


@pytest.mark.parametrize(
    "columns",
    [
        {f"x{ATTACK}": [1, 2]},
        {"example_id": [ATTACK, ATTACK], "loss": [0, 1]},
        {"example_id": [1, 2], "loss": [0, ATTACK]},
        {"example_id": [1, 2], "loss": [0, 1], f"proba_{ATTACK}": [0, 2]},
        {"n": [1, 2], f"error{ATTACK}": [0, 1]},
    ],
)
def test_a_refusal_shows_escapes_and_sends_none(tmp_path, columns):
    path = tmp_path / "dev.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    assert said("diagnose", tmp_path).exit_code == 2
    assert said("compare", path, path).exit_code == 2
    assert said("learning-curve", path).exit_code == 2


def test_a_file_of_questions_shows_escapes_and_sends_none(tmp_path):
    path = tmp_path / "questions.yaml"
    for content in ({f"x{ATTACK}": 1}, {"synthesis": {f"x{ATTACK}": 1}}, {"split": ATTACK}):
        path.write_text(json.dumps(content))
        assert said("advise", path).exit_code == 2
    path.write_text(said("advise", "--example").output.replace("name: ", 'name: "\\x1b[2J" # '))
    said("advise", path)


def test_a_new_source_shows_escapes_and_sends_none(project):
    path = project / "data" / "own" / "mine.csv"
    path.parent.mkdir(parents=True)
    names = [f"t{ATTACK}{index}" for index in range(30)]
    frame = pd.DataFrame({f"name{ATTACK}": names, "x": np.arange(30) % 7, f"y{ATTACK}": "a"})
    frame.loc[::2, f"y{ATTACK}"] = f"b{ATTACK}"
    frame.to_csv(path, index=False)
    for target in (f"y{ATTACK}", f"name{ATTACK}", f"no{ATTACK}"):
        said("new", "dataset", "mine", "--csv", path, "--target", target)

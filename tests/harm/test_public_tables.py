"""Tables and CSV files that people reported trouble with: read rightly, or refused by name.

Without the files in ../shared/fixtures/public_cases, beside the checkout, nothing is tested.
"""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from foursplit.cli.main import main

CASES = Path(__file__).parents[3] / "shared" / "fixtures" / "public_cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not here")

LABELS = CASES / "01_labels_of_two_types"
TWICE = CASES / "09_a_column_twice" / "tables"
SHEETS = CASES / "11_sheet_back_from_a_spreadsheet"


def diagnose(*arguments) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["diagnose", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.output


def wrong(path: Path) -> float:
    """Compute the share of wrong answers by hand, with labels compared as a person reads them."""
    spoken = {"true": "1", "false": "0"}
    frame = pd.read_csv(path, dtype=str)
    y, y_hat = (
        frame[name].str.strip().str.lower().replace(spoken).str.replace(r"\.0$", "", regex=True)
        for name in ("y", "y_hat")
    )
    return float((y != y_hat).mean())


@pytest.mark.parametrize(
    "case", ["float_answers", "float_in_train_alone", "trailing_space", "true_false_and_0_1"]
)
def test_labels_of_two_types_are_compared_as_a_person_reads_them(case, tmp_path):
    written = tmp_path / "diagnosis.json"
    code, output = diagnose(LABELS / case, "--human-error", "0.02", "--json", written)
    assert code == 0, output
    splits = json.loads(written.read_text())["splits"]
    for split in ("train", "train_dev", "dev"):
        expected = wrong(LABELS / case / f"{split}.csv")
        assert 0 < expected < 0.2
        assert splits[split]["value"] == pytest.approx(expected)


@pytest.mark.parametrize("case", ["counted_from_one", "names_and_numbers"])
def test_answers_that_are_never_a_label_are_refused(case):
    code, output = diagnose(LABELS / case, "--human-error", "0.02")
    assert code != 0
    assert "y_hat" in output


def test_a_column_that_exists_twice_is_refused_by_name():
    code, output = diagnose(TWICE)
    assert code != 0
    assert "y_hat" in output


@pytest.mark.parametrize("sheet", ["empty_last_row", "fifteen_digits", "semicolons", "wahr"])
def test_what_a_reader_entered_in_a_spreadsheet_is_read(sheet, tmp_path):
    copied = tmp_path / f"{sheet}.csv"
    shutil.copy(SHEETS / copied.name, copied)
    code, output = diagnose(
        SHEETS / "tables", "--sheet", copied, "--json", tmp_path / "diagnosis.json"
    )
    assert code == 0, output
    tags = json.loads((tmp_path / "diagnosis.json").read_text())["tags"]
    assert (tags["n_read"], tags["n_correct_read"], tags["n_left_out"]) == (5, 20, 0)
    assert copied.read_bytes() == (SHEETS / copied.name).read_bytes()

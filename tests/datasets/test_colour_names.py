"""Colour names: read without running the file, and names of the same letters stay together."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from foursplit_courses.datasets import colour_names

FILE = """XKCD_COLORS = {"sea blue": "#000001", "blue sea": "#000002", "red": "#000003"}
raise SystemExit("this line must not run")
XKCD_COLORS = {"xkcd:" + name: value for name, value in XKCD_COLORS.items()}
"""


def test_names_come_from_the_table_and_no_line_runs(tmp_path):
    (tmp_path / "_color_data.py").write_text(FILE)
    rows = colour_names.read(tmp_path)
    assert rows["name"].tolist() == ["sea blue", "blue sea", "red"]
    assert rows["words"].tolist() == ["two", "two", "one"]
    assert rows["letters"].nunique() == 2


def test_all_names_of_matplotlib_are_read():
    matplotlib = pytest.importorskip("matplotlib")
    folder = Path(find_spec("matplotlib").origin).parent
    rows = colour_names.read(folder)
    known = [name.removeprefix("xkcd:") for name in matplotlib.colors.XKCD_COLORS]
    # Matplotlib adds names with "gray" for those with "grey".
    assert set(rows["name"]) <= set(known)
    assert len(rows) == colour_names.N_NAMES

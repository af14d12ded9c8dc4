"""The notebooks run from top to bottom, and hold what their pages hold."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from docs import notebooks

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("python", "vectors")


def cells(name):
    return json.loads((DOCS / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]


def run(name):
    space = {}
    for cell in cells(name):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{name}.ipynb", "exec"), space)
    return space


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_what_the_generator_makes_of_its_page(name):
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    text = (DOCS / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert text == notebooks.notebook(page)
    blocks = re.findall(r"^```python\n(.*?)\n```$", page, re.DOTALL | re.MULTILINE)
    code = ["".join(c["source"]) for c in cells(name) if c["cell_type"] == "code"]
    assert code == blocks
    assert len({cell["id"] for cell in cells(name)}) == len(cells(name))
    for cell in cells(name):
        for target in re.findall(r"\]\((\.\./[^)#]+)", "".join(cell["source"])):
            assert (DOCS / "notebooks" / target).exists()


def test_the_notebook_from_python_diagnoses():
    assert run("python")["result"].report["verdict"]["primary"] == ["mismatch"]


def test_the_notebook_on_vectors_shows_what_its_comments_say():
    space = run("vectors")
    np.testing.assert_array_equal(space["a"] >= 0, True)
    assert space["x"].shape == (2, 3)
    np.testing.assert_array_equal(space["outer"], [[10, 20, 30], [20, 40, 60]])
    assert (space["prediction"] - space["target"]).shape == (5, 5)
    assert space["by_loop"] == pytest.approx(space["by_product"], rel=1e-12)
    assert space["ratio"] > 10
    for other in ("loops", "by_torch"):
        np.testing.assert_allclose(space[other], space["products"], atol=1e-12)
    assert space["products"].shape == (20, 10)
    assert (space["products"] != 0).any()

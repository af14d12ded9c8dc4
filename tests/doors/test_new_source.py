"""A CSV's headings and values are data: in the file that `new source` writes, and when it runs."""

import ast
import csv
import importlib.util
import io
import keyword
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from foursplit.cli import main
from foursplit.core import paths
from foursplit.core.errors import Refusal
from foursplit.data import examine, judge
from foursplit.doors import guess, source_file

ATTACKS = [
    "{open('RAN','w').name}", "{__import__('os').system('touch RAN')}", 'q""";open("RAN","w");"""',
    "price {EUR}", 'size "in"', "it's", "path\\new", "\\", "{", "}", "{}", "{{x}}", "%s", "${x}", "$HOME",
    "a\nb", "a\r\nb", "tab\there", "\x1b[2J", "\u2028", "é ü 漢", "🙂", "domain", "official_split",
    "group_id", "example_id", "content", "y", "x", "meta.x", "False", "None", "index", "0", "=1+1",
    "Unnamed: 0", "__class__", *keyword.kwlist[:5],
]  # fmt: skip

HEADINGS = st.sampled_from(ATTACKS) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), min_size=1, max_size=20
)

TEXTS = st.sampled_from([*ATTACKS, "NA", "nan", "inf", "1", "01", "yes", "no", " no"])

NUMBERS = st.floats(-1e30, 1e30, allow_nan=False) | st.integers(-1000, 1000)


@st.composite
def tables(draw):
    """Draw headings, rows of texts and numbers, and a target."""
    n_columns, n_rows = draw(st.integers(2, 5)), draw(st.integers(4, 8))
    names = draw(
        st.lists(HEADINGS.map(str.strip), min_size=n_columns, max_size=n_columns, unique=True)
    )
    assume(all(names))
    kinds = [draw(st.sampled_from(["number", "text"])) for _ in names]
    columns = [
        draw(st.lists(NUMBERS if kind == "number" else TEXTS, min_size=n_rows, max_size=n_rows))
        for kind in kinds
    ]
    return dict(zip(names, columns, strict=True)), draw(st.sampled_from(names))


def written(folder, columns, name="data.csv"):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return folder / name


def generated(folder, path, target):
    """Write a source for a CSV file and import it; give it with what was guessed."""
    from foursplit.core import tabular

    found = guess.columns(tabular.read_frame(path), target, str(path))
    text = source_file.text("mine", found, path.name)
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mine", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, found, text


def code(text):
    """Give what a file does, without what its literals say."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            ast.literal_eval(node.value) if _literal(node.value) else None
        if isinstance(node, ast.Dict | ast.Tuple) and _literal(node):
            for field in ("keys", "values", "elts"):
                if hasattr(node, field):
                    setattr(node, field, [])
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


def _literal(node):
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


PLAIN = {"a": ["x", "y", "x", "y"], "b": [1, 2, 3, 5], "kind": ["m", "n", "m", "n"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("csv")


@pytest.fixture(scope="module")
def templates(folder):
    """Give the code for a target of texts, of class numbers, and for a quantity."""
    made = []
    for kind in (["m", "n", "m", "n"], [0, 1, 0, 1], [1.5, 2.5, 1, 9]):
        path = written(folder / "plain", {**PLAIN, "kind": kind})
        made.append(code(generated(folder / "plain", path, "kind")[2]))
    return made


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
@example(({"a_b": [1, 2, 1, 2], "a": ["b", "c", "b", "c"], "y": ["m", "n", "m", "n"]}, "y"))
@example(({"a": ["b_c", "d", "b_c", "d"], "a_b": ["c", "e", "c", "e"], "y": [0, 1, 0, 1]}, "y"))
@example(({"official": ["split", "x", "x", "x"], "domain": ["a", "b", "a", "b"]}, "domain"))
def test_whatever_a_file_holds_the_code_is_the_templates_and_features_are_its_values(
    folder, templates, monkeypatch, table
):
    monkeypatch.chdir(folder)
    columns, target = table
    path = written(folder, columns)
    try:
        module, found, text = generated(folder, path, target)
    except Refusal as refusal:
        event(str(refusal).partition(":")[2][:40])
        return
    event("written")
    assert code(text) in templates
    frame = module.read(folder)
    assert len({*module.FEATURES}) == len(module.FEATURES)
    assert not {*module.FEATURES} & {"domain", "official_split"}
    original = {found.renamed.get(name, name): values for name, values in columns.items()}
    for name in found.numbers:
        wanted = [float(str(value)) if value != "" else np.nan for value in original[name]]
        np.testing.assert_array_equal(frame[name].to_numpy(), wanted)
    for name, values in found.texts.items():
        for value, feature in values.items():
            wanted = [float(str(given) == value) for given in original[name]]
            assert frame[feature].tolist() == wanted
    assert len(module.suite()) > 0
    assert not (folder / "RAN").exists()

"""`new dataset` treats the headings and values of a CSV as data, never as code."""

import ast
import csv
import keyword
import types

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from foursplit.cli.main import main
from foursplit.core.errors import FoursplitError
from foursplit.data import run_expectations, to_examples
from foursplit.io import tabular
from foursplit.scaffold import dataset_file, infer_schema
from foursplit.stages import fetch, split, validate

ATTACKS = [
    "{open('RAN','w').name}",
    "{__import__('os').system('touch RAN')}",
    'q""";open("RAN","w");"""',
    "price {EUR}",
    'size "in"',
    "it's",
    "path\\new",
    "\\",
    "{",
    "}",
    "{}",
    "{{x}}",
    "%s",
    "${x}",
    "$HOME",
    "a\nb",
    "a\r\nb",
    "tab\there",
    "\x1b[2J",
    "\u2028",
    "é ü 漢",
    "🙂",
    "domain",
    "official_split",
    "group_id",
    "example_id",
    "content",
    "y",
    "x",
    "meta.x",
    "False",
    "None",
    "index",
    "0",
    "=1+1",
    "Unnamed: 0",
    "__class__",
    *keyword.kwlist[:5],
]

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


def write_csv(folder, columns, name="data.csv"):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return folder / name


def generated(folder, path, target):
    """Write a dataset for a CSV file and import it; return module, schema and code."""
    schema = infer_schema.infer_schema(tabular.read_frame(path), target, str(path))
    text = dataset_file.render("mine", schema, path.name)
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    module = types.ModuleType("mine")
    # Not imported: Python would take the last file's bytecode for one as long, written as soon.
    exec(compile(text, str(file), "exec"), module.__dict__)
    return module, schema, text


def code(text):
    """Return the syntax tree of a file without the values of its literals and columns."""
    tree = _Columns().visit(ast.parse(text))
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict | ast.Tuple) and _is_literal(node):
            for field in ("keys", "values", "elts"):
                if hasattr(node, field):
                    setattr(node, field, [])
        if isinstance(node, ast.Constant):
            node.value = None
    return ast.dump(tree)


class _Columns(ast.NodeTransformer):
    """Replaces `Column(...)` of literals by a literal."""

    def visit_Call(self, node):
        self.generic_visit(node)
        is_column = isinstance(node.func, ast.Name) and node.func.id == "Column"
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        return ast.Constant(None) if is_column and all(map(_is_literal, parts)) else node


def _is_literal(node):
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
    """Return the code for a target of texts, of class numbers, and of quantities."""
    trees = []
    for target in (["m", "n", "m", "n"], [0, 1, 0, 1], [1.5, 2.5, 1, 9]):
        path = write_csv(folder / "plain", {**PLAIN, "kind": target})
        trees.append(code(generated(folder / "plain", path, "kind")[2]))
    return trees


def _number(cell):
    """Return a cell of a column of numbers; an empty one, or a word for none, is missing."""
    text = str(cell).strip()
    return np.nan if text.casefold() in {"", *tabular.MISSING} else float(text)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
@example(
    (
        {"{open('RAN','w').name}": [0.0] * 4, 'q""";open("RAN","w");"""': [0.0] * 4},
        "{open('RAN','w').name}",
    )
)
@example(({"a_b": [1, 2, 1, 2], "a": ["b", "c", "b", "c"], "y": ["m", "n", "m", "n"]}, "y"))
@example(({"a": ["b_c", "d", "b_c", "d"], "a_b": ["c", "e", "c", "e"], "y": [0, 1, 0, 1]}, "y"))
@example(({"official": ["split", "x", "x", "x"], "domain": ["a", "b", "a", "b"]}, "domain"))
def test_the_code_is_the_templates_for_any_file_and_features_are_its_values(
    folder, templates, monkeypatch, table
):
    monkeypatch.chdir(folder)
    columns, target = table
    path = write_csv(folder, columns)
    try:
        module, schema, text = generated(folder, path, target)
    except FoursplitError as error:
        event(str(error).partition(":")[2][:40])
        return
    event("written")
    assert code(text) in templates
    frame = module.read(folder)
    assert not {*module.COLUMNS} & {"domain", "official_split"}
    original = {schema.renamed.get(name, name): values for name, values in columns.items()}
    for name, column in schema.inputs.items():
        cells = [original[name][row] for row in frame.index]
        if column.kind == "number" and column.is_plain and not column.missing:
            expected = [_number(value) for value in cells]
            np.testing.assert_array_equal(frame[name].to_numpy(), expected)
        if column.kind == "category":
            assert frame[name].tolist() == [str(cell).strip() or None for cell in cells]
    assert len(module.suite()) > 0
    assert not (folder / "RAN").exists()


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_great_expectations_takes_every_heading_and_value_in_ci(folder, monkeypatch, table):
    monkeypatch.chdir(folder)
    columns, target = table
    path = write_csv(folder, columns)
    try:
        module, *_ = generated(folder, path, target)
    except FoursplitError:
        return
    frame = module.read(folder)
    table = to_examples.checked_table(frame).reset_index(drop=True)
    result = run_expectations.run_expectations(table, module.suite(), "mine")
    assert result["success"], run_expectations.failure_messages(result)
    examples = to_examples.to_examples(frame, module.SPEC)
    assert len(examples) == len(frame)
    assert not (folder / "RAN").exists()


def new_dataset(project, columns, target, name="data.csv", code=0, options=()):
    """Run the command on a CSV of these columns; return its output."""
    write_csv(project / "data" / "own", columns, name)
    command = ["new", "dataset", "mine", "--csv", str(project / "data" / "own" / name)]
    result = CliRunner().invoke(main, [*command, "--target", target, *options])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def run_data_stages(project, monkeypatch):
    """Run fetch, validate and split on the new dataset, as `foursplit repro` does."""
    monkeypatch.chdir(project)  # its own package is found from there
    return [stage.run("mine") for stage in (fetch, validate, split)]


N = 200


@pytest.fixture
def numbers(rng):
    return rng.normal(size=N).round(4).tolist()


def classes(n=2):
    return [index % n for index in range(N)]


def test_a_file_with_such_headings_goes_through_the_stages(project, monkeypatch, numbers):
    monkeypatch.chdir(project)
    texts = ["a", "b", "b"] * N
    columns = {"size": numbers, **{name.strip(): texts[:N] for name in ATTACKS}, "kind": classes()}
    new_dataset(project, columns, "kind")
    assert "train" in run_data_stages(project, monkeypatch)[2]
    assert not (project / "RAN").exists()


@pytest.mark.parametrize("target", ["domain", "official_split", 'class {"a"}'])
def test_a_target_of_any_name_goes_through_the_stages(project, monkeypatch, numbers, target):
    new_dataset(project, {"size": numbers, target: ["a", "b"] * (N // 2)}, target)
    assert "train" in run_data_stages(project, monkeypatch)[2]


@pytest.mark.parametrize(
    "name", ['q""";open("RAN","w");""".csv', "it's ${x} {x}.csv", "$(touch RAN).csv"]
)
def test_a_file_of_any_name_goes_through_the_stages(project, monkeypatch, numbers, name):
    monkeypatch.chdir(project)
    new_dataset(project, {"size": numbers, "kind": classes()}, "kind", name)
    run_data_stages(project, monkeypatch)
    assert not (project / "RAN").exists()


def test_a_line_break_in_a_files_name_is_refused_and_not_printed(project, numbers):
    columns = {"size": numbers, "kind": classes()}
    text = new_dataset(project, columns, "kind", "a\x1b[2Jb.csv", code=2)
    assert "\x1b" not in text
    assert "rename it" in text


@pytest.mark.parametrize("value", ["inf", "-inf", "1e400", "1e39", "Infinity"])
@pytest.mark.parametrize("column", ["size", "kind"])
def test_a_number_that_is_not_finite_is_refused_by_column_and_row(project, numbers, value, column):
    columns = {"size": numbers, "other": numbers, "kind": [*numbers]}
    columns[column] = [*numbers[:7], value, *numbers[8:]]
    text = new_dataset(project, columns, "kind", code=2)
    assert f"column {column!r}, row 8: {value!r}" in text
    assert not (project / "src").exists()


def test_missing_values_and_excluded_columns_are_reported(project, monkeypatch, numbers):
    gaps = [*numbers[:4], "", *numbers[5:]]
    texts = [f"customer {index}" for index in range(N)]
    almost = [*map(str, numbers[:2]), "about 3", *map(str, numbers[3:])]
    columns = {
        "": range(N),
        "PassengerId": reversed(range(N)),
        "Age": gaps,
        "Name": texts,
        "Total": almost,
        "blank": [""] * (N - 1) + [" "],
        "port": [""] + ["S"] * (N - 1),
        "Fare": numbers,
        "Survived": classes(),
    }
    text = new_dataset(project, columns, "Survived")
    assert "target 'Survived': 2 classes" in text
    rows = {
        name: next(line for line in text.splitlines() if line.startswith(f"{name} "))
        for name in columns
        if name and name != "Survived"
    }
    out = {name for name, line in rows.items() if "left out" in line}
    assert out == {"PassengerId", "Name", "Total", "blank"}
    assert "row 3: 'about 3'" in rows["Total"]
    assert "row number" in rows["PassengerId"]
    assert "1 (row 5)" in rows["Age"]
    assert "1 (row 1)" in rows["port"]
    assert "train" in run_data_stages(project, monkeypatch)[2]


@pytest.mark.parametrize("first", [0, 1])
def test_numbers_counted_in_a_row_are_classes_and_said_to_be(project, monkeypatch, numbers, first):
    text = new_dataset(project, {"a": numbers, "type": [n + first for n in classes(3)]}, "type")
    assert "target 'type': 3 classes, few whole numbers" in text
    assert "--task regress" in text
    run_data_stages(project, monkeypatch)


def test_other_numbers_are_a_quantity(project, monkeypatch, numbers):
    text = new_dataset(project, {"a": numbers, "size": [10 * n for n in classes(3)]}, "size")
    assert "target 'size': a quantity" in text
    run_data_stages(project, monkeypatch)


def test_rows_without_a_target_are_left_out_and_it_is_said(project, monkeypatch, numbers):
    columns = {"a": numbers, "kind": ["", *["x", "y"] * (N // 2)][:N]}
    text = new_dataset(project, columns, "kind")
    assert "1 of 200 rows have no target, the first is row 1" in text
    assert "199 examples" in run_data_stages(project, monkeypatch)[1]


def test_classes_that_differ_by_blanks_only_raise(project, numbers):
    columns = {"a": numbers, "kind": ["yes", "no", "yes "] + ["no"] * (N - 3)}
    assert "row 3: 'yes ' and 'yes'" in new_dataset(project, columns, "kind", code=2)


def test_a_row_number_is_used_if_there_is_no_other_input(project, numbers):
    new_dataset(project, {"day": range(N), "sold": numbers}, "sold")


def test_a_later_invalid_file_fails_with_column_and_row(project, monkeypatch, numbers):
    columns = {"size": numbers, "plan": ["a", "b"] * (N // 2), "kind": classes()}
    new_dataset(project, columns, "kind")
    for change, message in (
        ({"size": ["big", *numbers[1:]]}, r"'size', row 1: 'big' is not a number"),
        ({"size": ["inf", *numbers[1:]]}, r"'size', row 1: 'inf' is not finite"),
        ({"plan": [*"c" * 20, *columns["plan"][20:]]}, r"plan: .*row 1: 'c'"),
        ({"size": [*[99] * 20, *numbers[20:]]}, r"size: .*row 1: 99"),
        ({"kind": [2, *columns["kind"][1:]]}, r"kind: .*row 1: '2'"),
    ):
        write_csv(project / "data" / "own", {**columns, **change})
        with pytest.raises(FoursplitError, match=message):
            run_data_stages(project, monkeypatch)
    write_csv(project / "data" / "own", {"plan": columns["plan"], "kind": columns["kind"]})
    with pytest.raises(FoursplitError, match="unknown column 'size'"):
        run_data_stages(project, monkeypatch)


def test_a_missing_group_fails_at_once_and_before_split(project, monkeypatch, numbers):
    patients = [index // 4 for index in range(N)]
    columns = {"patient": patients, "x": numbers, "ill": classes()}
    gap = {**columns, "patient": [*patients[:4], "", *patients[5:]]}
    text = new_dataset(project, gap, "ill", code=2, options=["--group", "patient"])
    assert "'patient', row 5: the group is missing" in text
    new_dataset(project, columns, "ill", options=["--group", "patient"])
    assert "train" in run_data_stages(project, monkeypatch)[2]
    write_csv(project / "data" / "own", gap)
    with pytest.raises(FoursplitError, match=r"'patient', row 5: the group is missing"):
        run_data_stages(project, monkeypatch)


@pytest.mark.parametrize("name", ["class", "import", "none_", "Class", "a-b", "1a", "a;b", ""])
def test_a_name_must_be_an_identifier(project, numbers, name):
    path = write_csv(project / "data" / "own", {"a": numbers, "kind": classes()})
    command = ["new", "dataset", name, "--csv", str(path), "--target", "kind"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == (0 if name == "none_" else 2), result.output

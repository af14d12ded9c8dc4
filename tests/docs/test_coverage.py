"""The list of exercises is whole, true and what the page shows."""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from docs.coverage_page import (
    COURSES,
    Exercise,
    check,
    experiment_keys,
    parse,
    render,
)

from docs import iterations_page, make_docs

ROOT = Path(__file__).parents[2]
# Counted in the courses: notebooks, parts of notebooks, and techniques that only a lecture shows.
N_EXERCISES = {
    "neural_networks": 19,
    "improving": 25,
    "structuring": 13,
    "convolutional": 39,
    "sequence": 32,
    "supervised": 23,
    "advanced": 22,
    "unsupervised": 9,
}


@pytest.fixture(scope="module")
def coverage():
    return parse((ROOT / "docs/coverage.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path):
    """A project of one experiment, one module and one page."""
    for name in ("docs/steps.md", "src/dense.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "params.yaml").write_text("experiments: {improving: {wine: {}}, sequence: }")
    return tmp_path


def exercise(*covered_by, course="improving", id="D2-24", week=3):
    return Exercise(course=course, id=id, week=week, name="Softmax", covered_by=covered_by)


def test_every_exercise_of_the_courses_has_one_row(coverage):
    assert Counter(row.course for row in coverage) == N_EXERCISES
    assert {row.id for row in coverage} == {
        f"{COURSES[course].code}-{number:02d}"
        for course, n_exercises in N_EXERCISES.items()
        for number in range(1, n_exercises + 1)
    }


def test_rows_stand_in_the_order_of_their_ids_and_weeks(coverage):
    for course in COURSES:
        rows = [(row.id, row.week) for row in coverage if row.course == course]
        assert rows == sorted(rows)
        assert [week for _, week in rows] == sorted(week for _, week in rows)


def test_every_week_of_every_course_has_exercises(coverage):
    assert {(row.course, row.week) for row in coverage} == {
        (key, week) for key, course in COURSES.items() for week in range(1, course.n_weeks + 1)
    }


def test_names_are_short_distinct_and_fit_a_table(coverage):
    names = [row.name for row in coverage]
    assert max(len(name) for name in names) <= 70
    assert len(set(names)) == len(names)
    assert not any(set(name) & set("|\n") for name in names)


def test_whatever_covers_a_row_exists(coverage):
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    check(coverage, experiment_keys(params), ROOT)


def test_the_page_is_what_the_generator_writes(coverage):
    assert (ROOT / "docs/coverage.md").read_text(encoding="utf-8") == render(coverage)


def test_the_three_kinds_of_cover_are_accepted(project):
    row = exercise("experiment:wine", "module:src/dense.py", "page:docs/steps.md")
    check([row], {"wine"}, project)


@pytest.mark.parametrize(
    ("cover", "problem"),
    [
        ("notebook:wine.ipynb", "no kind 'notebook'"),
        ("src/dense.py", "no kind 'src/dense.py'"),
        ("experiment:beer", "no such experiment"),
        ("module:src/sparse.py", "no such module"),
        ("module:src", "no such module"),  # a folder covers nothing in particular
        ("module:../secret.py", "no such module"),
        ("page:docs/other.md", "no such page"),
        ("page:src/dense.py", "no such page"),  # a page lies under docs/
    ],
)
def test_a_cover_that_is_not_there_is_refused_with_its_row_and_the_valid_kinds(
    project, cover, problem
):
    (project.parent / "secret.py").touch()
    with pytest.raises(ValueError, match=problem) as error:
        check([exercise(cover)], {"wine"}, project)
    assert str(error.value).startswith(f"D2-24: covered_by {cover!r}")
    for kind in ("experiment:", "module:", "page:"):
        assert kind in str(error.value).split("valid are")[1]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([exercise(), exercise()], "D2-24: 2 rows"),
        ([exercise(id="D2-7")], "D2-7: an id of improving is D2- and two digits"),
        ([exercise(id="D3-07")], "D3-07: an id of improving"),
        ([exercise(week=4)], "D2-24: week 4; improving has 1 to 3"),
        ([exercise(week=0)], "D2-24: week 0"),
    ],
)
def test_a_wrong_id_or_week_is_refused(project, rows, problem):
    with pytest.raises(ValueError, match=problem):
        check(rows, set(), project)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "cooking: [{id: D1-01}]",
            "'cooking' is no course; courses are neural_networks, improving",
        ),
        ("improving: [{id: D2-01, week: 1}]", "D2-01: fields id, week; a row has id, week, name"),
        (
            "improving: [{id: D2-01, week: 1, name: Adam, covered_by: [], note: x}]",
            "D2-01: fields .* note",
        ),
        (
            "improving: [{id: D2-01, week: 1, name: Adam, covered_by: 'experiment:wine'}]",
            "D2-01: covered_by 'experiment:wine' is no list",
        ),
    ],
)
def test_an_unknown_course_or_field_is_refused(text, problem):
    with pytest.raises(ValueError, match=problem):
        parse(text)


def test_a_row_links_to_what_covers_it_and_an_open_row_says_not_yet():
    covers = ("experiment:wine", "module:src/dense.py", "page:docs/steps.md")
    page = render([exercise(*covers), exercise(id="D2-25")])
    links = (
        "[`wine`](../params.yaml), [`src/dense.py`](../src/dense.py), [`docs/steps.md`](steps.md)"
    )
    assert f"| D2-24 | 3 | Softmax | {links} |\n| D2-25 | 3 | Softmax | not yet |\n" in page
    course = "[DLS 2: Improving Deep Neural Networks](#dls-2-improving-deep-neural-networks)"
    assert f"| {course} | 2 | 1 |\n" in page
    assert "| **all** | **2** | **1** |\n" in page


def measured(folder):
    """Write a README with its markers, and the files that its figures come from."""
    pages = {
        "README.md": ("experiments", "clean"),
        "docs/benchmarks.md": (
            "pipeline",
            "commands",
            "engine",
            "gate",
            "store",
            "gpu",
            "benchmark",
            "seeds",
        ),
    }
    for page, names in pages.items():
        blocks = [f"<!-- begin {name} -->\n<!-- end {name} -->" for name in names]
        (folder / page).write_text("\n".join(blocks))
    row = {"train": 0.01, "train_dev": 0.02, "dev": 0.125, "gaps": {"mismatch": 0.105}}
    tag = {"share": 0.5, "ceiling": 0.1, "lift": 2.0, "lift_lo": 1.0, "lift_hi": 3.0}
    phone_rows = {key: {**row, "tags": {"dark": tag}} for key in iterations_page.TRIED}
    # The winner: test was opened for it.
    good = {**row, "test": 0.13, "verdict": "mismatch +10.5%"}
    (folder / "metrics.json").write_text(
        json.dumps(
            {"improving": {"wine": row, "wines_good": good}, iterations_page.COURSE: phone_rows}
        )
    )
    wines = {key: {"group": "wines"} for key in ("wine", "wines_good")}
    phones = {key: {"group": "phones"} for key in iterations_page.TRIED}
    (folder / "params.yaml").write_text(
        yaml.safe_dump({"experiments": {"improving": wines, iterations_page.COURSE: phones}})
    )
    blocks = [
        f"<!-- begin {name} -->\n<!-- end {name} -->" for name in ("iterations", "tags", "moved")
    ]
    (folder / "docs" / "iterations.md").write_text("\n".join(blocks))
    (folder / "docs" / "iterations").mkdir()
    steps = [
        {"key": key, "place": "present", "parent": None, "sentence": "The first."}
        for key in iterations_page.TRIED
    ]
    (folder / "docs" / "iterations" / "phone.json").write_text(
        json.dumps({"groups": {iterations_page.GROUP: steps}})
    )
    results = folder / "benchmarks" / "results"
    results.mkdir(parents=True)
    run = {
        "device": "d", "stages": 43, "cores": 2, "dvc_repro_s": 200, "foursplit_repro_s": 70,
        "ratio": 2.9, "idle_dvc_cpu_s": 3, "idle_foursplit_cpu_s": 2,
    }  # fmt: skip
    (results / "repro.json").write_text(json.dumps(run))
    clean = {"device": "A chip", "cores": 2, "seconds": 60.0, "n_stages": 3}
    (results / "clean.json").write_text(json.dumps(clean))
    case = {"case": "equal", "n": 100, "promoted": 0.01}
    (results / "gate.json").write_text(json.dumps({"cases": [case]}))
    row = {"same_bytes": True, "auto": "gpu", "times_faster": 9.0}
    rows = [row, {**row, "auto": "cpu", "times_faster": 0.5}]
    (results / "gpu.json").write_text(json.dumps({"gpu": "A chip", "experiments": rows}))
    case = {
        "case": "mlp", "ratio": 2.5, "met": True, "weights_apart": 1e-7, "weights_by_rounding": 1e-7
    }  # fmt: skip
    steps = {"small mlp": {"alone": 1.0, "vmap": 6.0, "torch_bmm": 4.0, "numpy": 2.0}}
    about = {"cpu": "A chip", "instruction_set": "portable", "n_seeds": 10, "goal": 4.0}
    (results / "seeds.json").write_text(json.dumps({**about, "cases": [case], "step_ms": steps}))
    pair = {which: {"cpu_s": 1.0, "table_s": 2.0} for which in ("before", "after")}
    commands = {
        "device": "A chip", "cores": 2, "load": 1.0, "sizes": [{"stages": 200, "again_cpu_s": 0.2}],
        "commands": dict.fromkeys(make_docs.results.COMMANDS, pair),
    }  # fmt: skip
    (results / "commands.json").write_text(json.dumps(commands))
    crowd = {"writers": 4, "crashed": 0, "lost": 0, "duplicated": 0, "torn": 0}
    names = ("gate", "history", "history_of_a_group")
    seconds = {name: {"seconds": 1, "first_s": 2} for name in names}
    kept = {
        "crowds": [crowd],
        "live_curves": {"without_s": 60, "more_wall": 0.01, "more_cpu": 0.02},
        "thousands": {"runs": 5000, "versions": 50, **seconds},
    }
    (results / "store.json").write_text(json.dumps(kept))
    books = {
        "start": {"train wine": {"cold_s": 5.0, "warm_s": 0.25}},
        "bookkeeping": [{"stages": 100, "dvc_cpu_s": 20, "foursplit_cpu_s": 6}],
    }
    (results / "orchestration.json").write_text(json.dumps(books))
    engine = {
        "small": {"rows_a_split": 100_000, "columns": 30, "everything_s": 2.0},
        "large": {"rows": 10**7, "rows_sliced": 10**6, "ledger_s": 1, "slices_s": 9, "peak_gb": 2},
        "interval": {"rows": 100_000, "ours_s": 0.006, "rows_drawn_s": 3.0},
    }
    (results / "diagnosis.json").write_text(json.dumps(engine))
    made = {"device": "d", "folds": {"n_folds": 10, "repeats": 5}, "tables": {}}
    (results / "published.json").write_text(json.dumps(made))
    (results / "drawn.json").write_text('{"tables": {}}')
    (folder / "metrics.full.json").write_text("{}")
    (folder / "docs" / "published.yaml").write_text("figures: []")


def test_a_stale_page_is_named_by_check_and_mended_by_a_run(project):
    measured(project)
    (project / "docs/coverage.yaml").write_text(
        "improving: [{id: D2-24, week: 3, name: Softmax, covered_by: ['experiment:wine']}]"
    )
    with pytest.raises(
        SystemExit,
        match=r"stale: docs/coverage\.md, docs/findings\.md, docs/headlines\.md, "
        r"docs/iterations\.md, "
        r"docs/benchmarks\.md, "
        r"README\.md",
    ):
        make_docs.main(["--check"], project)
    assert not (project / "docs/coverage.md").exists()
    make_docs.main([], project)
    make_docs.main(["--check"], project)
    assert "D2-24" in (project / "docs/coverage.md").read_text()
    readme = (project / "README.md").read_text()
    row = "| `wines` | 2 | `good` | – | 1.0% | 2.0% | 12.5% | 13.0% | mismatch +10.5% |"
    assert row in readme  # the winner alone
    assert "2.9 times faster than `dvc repro`" in readme
    benchmarks = (project / "docs/benchmarks.md").read_text()
    assert "| 200 s | 70 s |" in benchmarks
    assert "Live curves add 1.0% to a training of 60 s" in benchmarks
    assert "2 of 2 networks came out with the same bytes" in benchmarks


def test_fill_replaces_what_stands_between_its_markers_and_nothing_else():
    text = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb <!-- begin y --><!-- end y -->\n"
    filled = make_docs.fill(text, "x", "new\n")
    assert filled == text.replace("old", "new")
    assert make_docs.fill(filled, "x", "new\n") == filled


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("", "<!-- begin x -->"),
        ("<!-- begin x -->", "<!-- end x -->"),
        ("<!-- end x -->", "<!-- begin x -->"),
        ("<!-- end x --><!-- begin x -->", "<!-- end x --> stands before"),
        ("<!-- begin x --><!-- begin x --><!-- end x -->", "<!-- begin x --> stands 2 times"),
    ],
)
def test_fill_refuses_a_missing_doubled_or_swapped_marker(text, marker):
    with pytest.raises(ValueError, match=marker):
        make_docs.fill(text, "x", "new")

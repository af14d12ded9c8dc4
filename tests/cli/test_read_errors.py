"""The sheet of an experiment: drawn into the dataset's file, read on a page, never overwritten."""

import random
import string

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests.reporting.miniature import make_project

from foursplit.cli.commands.read_errors import read_errors
from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.evaluation import experiment_tables


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(tmp_path / "project"))
    paths.root.cache_clear()
    make_project(tmp_path / "project")
    yield tmp_path / "project"
    paths.root.cache_clear()


def working():
    return paths.reports() / "reading" / "figures_drawn.csv"


def sheet(path=None):
    return pd.read_csv(path or working(), dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_errors_go_to_the_sources_sheet_and_to_a_page_in_the_same_order(project):
    read_errors("figures_drawn", 1)
    drawn = sheet()
    dev = experiment_tables.load(paths.predictions("figures") / "figures_drawn" / "seed_1", "dev")
    assert set(dev.loc[dev["is_error"], "example_id"]) <= set(drawn["example_id"])
    page = (project / "reports" / "reading" / "figures_drawn.html").read_text()
    places = [page.index(f'title="{name}"') for name in drawn["example_id"]]
    assert places == sorted(places)
    assert page.count("data:image/png") == len(drawn)


def test_what_was_filled_in_stays_and_the_rest_is_drawn_anew(project):
    read_errors("figures_drawn", 1)
    filled = sheet()
    filled.loc[3, ["tags", "comment"]] = ["turned; dark", "=not a formula"]
    paths.tags("digits").parent.mkdir(parents=True)
    filled.to_csv(paths.tags("digits"), index=False)
    read_errors("figures_drawn", 2)
    again = sheet().set_index("example_id")
    assert again.loc[filled.loc[3, "example_id"], "tags"] == "turned; dark"
    assert again.loc[filled.loc[3, "example_id"], "comment"] == "'=not a formula"
    assert again.index.is_unique
    assert (again["tags"] != "").sum() == 1


CELLS = st.text(string.printable + "äß'=", max_size=12) | st.sampled_from(
    ["", " ", "NA", "None", "1.0", "007", "=B2", "'=B2", "'", "a\r\nb", 'say "so"', "a;b", "-1"]
)
HEADINGS = st.text("abc _'=ß.1", min_size=1, max_size=8).filter(
    lambda name: name not in ("example_id", "tags", "label_audit", "comment") and name.strip()
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(own={"1 ": [""] * 8, " b": ["x"] * 8}, order=random.Random(1))
@given(
    own=st.dictionaries(HEADINGS, st.lists(CELLS, min_size=8, max_size=8), max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_a_readers_own_columns_and_rows_stay_to_the_byte(project, own, order):
    assume(len({name.strip() for name in own}) == len(own))  # doubled headings are refused
    paths.tags("digits").parent.mkdir(parents=True, exist_ok=True)
    paths.tags("digits").unlink(missing_ok=True)
    working().unlink(missing_ok=True)
    read_errors("figures_drawn", 1)
    filled = sheet().iloc[:8].assign(**own)
    columns = [*filled]
    order.shuffle(columns)
    filled[columns].to_csv(paths.tags("digits"), index=False, encoding="utf-8-sig", quoting=1)
    read_errors("figures_drawn", 2)
    read_errors("figures_drawn", 3)
    again = sheet().set_index("example_id")
    assert again.index.is_unique
    assert {*own} <= {*again}
    for row in range(8):
        words = {name: cells[row] for name, cells in own.items()}
        if any(word.strip() for word in words.values()):
            assert dict(again.loc[filled["example_id"].iloc[row], [*own]]) == words
    new = ~again.index.isin(filled["example_id"])
    assert (again.loc[new, [*own]] == "").all(axis=None)


def test_a_row_with_a_word_of_the_readers_own_of_a_gone_example_is_refused(project):
    content = "example_id,tags,label_audit,comment,reader\nnobody,,,,Mia\n"
    paths.tags("digits").parent.mkdir(parents=True)
    paths.tags("digits").write_text(content)
    with pytest.raises(FoursplitError, match="'nobody'"):
        read_errors("figures_drawn", 1)
    assert paths.tags("digits").read_text() == content


def test_a_sheet_of_tags_alone_is_drawn_into_and_read_again(project):
    read_errors("figures_drawn", 1)
    filled = sheet()
    filled.loc[3, "tags"] = "turned"
    paths.tags("digits").parent.mkdir(parents=True)
    filled[["example_id", "tags", "label_audit", "comment"]].to_csv(
        paths.tags("digits"), index=False
    )
    read_errors("figures_drawn", 2)
    read_errors("figures_drawn", 3)
    again = sheet()
    assert (again["tags"] != "").sum() == 1
    assert set(again["is_error"]) <= {"True", "False"}


def test_a_filled_row_of_an_example_that_is_gone_is_refused_and_kept(project):
    content = "example_id,tags,label_audit,comment\nnobody,turned,,\n"
    paths.tags("digits").parent.mkdir(parents=True)
    paths.tags("digits").write_text(content)
    with pytest.raises(FoursplitError, match="'nobody'"):
        read_errors("figures_drawn", 1)
    assert paths.tags("digits").read_text() == content


def test_a_table_of_numbers_is_read_as_a_table(project):
    read_errors("wines_good", 1)
    page = (project / "reports" / "reading" / "wines_good.html").read_text()
    assert "<table" in page
    assert "data:image" not in page


def test_an_unknown_experiment_is_refused_with_the_valid_ones(project):
    with pytest.raises(FoursplitError, match="figures_drawn"):
        read_errors("figures", 1)


def test_to_look_at_errors_changes_nothing_that_the_pipeline_reads_until_a_tag_is_entered(project):
    tags = paths.tags("digits")
    read_errors("figures_drawn", 1)
    assert not tags.exists()
    tags.parent.mkdir(parents=True)
    tags.write_text("example_id,tags,label_audit,comment\n")
    read_errors("figures_drawn", 1)
    read_errors("figures_drawn", 2)
    assert tags.read_text() == "example_id,tags,label_audit,comment\n"
    filled = sheet()
    filled.loc[3, "tags"] = "turned"
    filled.to_csv(working(), index=False)
    read_errors("figures_drawn", 3)
    taken = sheet(tags)
    assert taken["example_id"].tolist() == [filled.loc[3, "example_id"]]
    assert taken["tags"].tolist() == ["turned"]
    before = tags.read_bytes()
    read_errors("figures_drawn", 1)
    assert tags.read_bytes() == before
    assert (sheet()["tags"] == "turned").sum() == 1


def test_a_tag_changed_in_the_sheet_is_changed_and_the_others_stay(project):
    read_errors("figures_drawn", 1)
    filled = sheet()
    filled.loc[[2, 3], "tags"] = ["dark", "turned"]
    filled.to_csv(working(), index=False)
    read_errors("figures_drawn", 1)
    again = sheet().set_index("example_id")
    again.loc[filled.loc[3, "example_id"], "tags"] = "turned; dark"
    again.reset_index().to_csv(working(), index=False)
    read_errors("figures_drawn", 1)
    found = sheet(paths.tags("digits")).set_index("example_id")["tags"]
    assert found.to_dict() == {
        filled.loc[2, "example_id"]: "dark",
        filled.loc[3, "example_id"]: "turned; dark",
    }

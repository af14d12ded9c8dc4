"""A lesson's page: whole without a script, alive with one, and linked from the index."""

import copy
import json
import struct
from base64 import b64decode
from html.parser import HTMLParser

import pytest
from tests.reporting.lesson_miniature import LESSON, PICTURE, lines, read
from tests.reporting.miniature import PARAMS

from foursplit.config import paths
from foursplit.core.lesson_figures import Lesson, Section, pixels
from foursplit.io import artifacts
from foursplit.reporting.pages import lesson
from foursplit.reporting.render import prose
from foursplit.stages import report

KEY = "gradient_descent"


class Tags(HTMLParser):
    """Collect a page's tags with their attributes."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(text, tag):
    parser = Tags()
    parser.feed(text)
    return [attrs for name, attrs in parser.found if name == tag]


@pytest.fixture(scope="module")
def text():
    return lesson.page(read(LESSON, key=KEY, week="MLS C1 W1"))


def test_all_that_the_lesson_says_is_there_and_escaped(text):
    for words in ("All &lt;kinds&gt;", "A &amp; b.", "<code>came</code>", "MLS C1 W1", "1,000"):
        assert words in text
    assert "<b>seen" not in text
    assert "<dt>error</dt><dd>0.25</dd>" in text
    assert "<dt>lost</dt><dd>undefined</dd>" in text


def test_nothing_is_loaded_from_anywhere(text):
    assert not [attrs for attrs in tags(text, "script") if "src" in attrs]
    assert not tags(text, "link")
    assert not [a for a in tags(text, "img") if not a["src"].startswith("data:image/png;base64,")]
    assert "url(" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_without_a_script_every_figure_of_a_slider_can_be_opened(text):
    panes = tags(text, "details")
    assert [pane["data-pane"] for pane in panes] == ["1", "2"]
    assert ["open" in pane for pane in panes] == [False, True]
    (slider,) = [a for a in tags(text, "input") if a.get("max") == "1"]
    assert (slider["type"], slider["value"]) == ("range", "1")
    assert [a for a in tags(text, "label") if a.get("class") == "control" and "hidden" in a]


def test_a_page_carries_the_scripts_that_it_needs(text):
    assert "data-knob=turn" in text
    plain = Lesson(title="", lead="", sections=(Section(heading="", figures=(lines(),)),))
    assert not tags(lesson.page(read(plain, key=KEY, week="")), "script")


def test_a_picture_keeps_its_bytes_and_is_shown_larger(text):
    (img,) = tags(text, "img")
    assert (img["width"], img["height"]) == ("12", "6")
    png = b64decode(img["src"].partition(",")[2])
    assert struct.unpack(">II", png[16:24]) == (4, 2)
    assert PICTURE.pixels[0].tobytes() in png
    assert (pixels(read(PICTURE)) == PICTURE.pixels).all()


def test_a_column_of_numbers_is_set_as_one(text):
    heads = tags(text, "th")
    assert [h.get("class") for h in heads if h.get("scope") == "col"][:3] == [
        None,
        "number",
        "number",
    ]


def test_backticks_make_code_and_nothing_else():
    assert prose("a `<b>` c") == "a <code>&lt;b&gt;</code> c"
    assert prose("5` wide") == "5` wide"


def test_the_index_lists_the_lessons_that_have_run_and_the_page_leads_back(make):
    params = copy.deepcopy(PARAMS)
    args = json.loads(json.dumps({"sizes": [1.0, 2.0]}))
    params["lessons"] = {"supervised": {KEY: {"week": "MLS C1 W1", "args": args}}}
    root = make("lesson_miniature", params=params)
    report.run()
    index = root / "reports" / "index.html"
    assert "Lessons" not in index.read_text()
    assert list((root / "reports" / "lessons").iterdir()) == []
    content = {"key": KEY, "week": "MLS C1 W1", **LESSON.as_json()}
    artifacts.write_json(paths.lesson(KEY), content)
    artifacts.write_json(paths.lesson("gone"), {**content, "key": "gone"})  # not in params.yaml
    report.run()
    page = root / "reports" / "lessons" / f"{KEY}.html"
    assert f'href="lessons/{KEY}.html"' in index.read_text()
    assert 'href="../index.html"' in page.read_text()
    assert [p.name for p in page.parent.iterdir()] == [page.name]
    once = page.read_bytes()
    report.run()
    assert page.read_bytes() == once

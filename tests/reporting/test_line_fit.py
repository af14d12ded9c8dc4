"""The line that a reader moves: what is drawn, what its script computes, what a click does."""

import json
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.reporting.lesson_miniature import read

from foursplit.core.lesson_figures import Lesson, LineFit, Section
from foursplit.reporting.pages import lesson
from foursplit.reporting.plots.line_fit import line_fit
from foursplit.reporting.plots.svg import STYLESHEET
from foursplit_courses.from_scratch import simple_linear_regression

X, Y = np.array([1.0, 2.0, 4.0]), np.array([300.0, 480.0, 900.0])
W, B = np.linspace(0, 400, 9), np.linspace(-100, 300, 9)
FIGURE = LineFit(
    title="Yours",
    x_label="size",
    y_label="price </script>",
    x=X,
    y=Y,
    x_range=(0.0, 5.0),
    y_range=(0.0, 1000.0),
    w=W,
    b=B,
    z=simple_linear_regression.cost_grid(X, Y, W, B),
    levels=[1e3, 1e4],
    start=(100.0, 50.0),
)
SCRIPT = STYLESHEET.parent / "line_fit.js"


def tree():
    return ElementTree.fromstring(str(line_fit(read(FIGURE))).replace("/>", " />"))


def test_the_line_and_its_point_lie_where_they_start():
    (line,) = tree().iter("polyline")
    # From (0, 50) to (5, 550) of 5 across and 1,000 up, in thousandths from the top left.
    assert line.get("points") == "0.0,950.0 1000.0,450.0"
    (point,) = [
        s
        for s in tree().iter("svg")
        if s.find("path[@class='mark g0']") is not None and s.get("x", "").endswith("%")
    ]
    assert point.get("x") == "25.00%"
    sliders = {i.get("data-knob"): i for i in tree().iter("input")}
    assert [sliders[name].get("value") for name in "wb"] == ["100", "50"]


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the page's script")
def test_the_script_computes_the_courses_cost_and_draws_the_same_line():
    scene = json.loads(next(tree().iter("script")).text)
    code = f"""
      const script = require({json.dumps(str(SCRIPT))});
      const scene = {json.dumps(scene)};
      console.log(JSON.stringify([
        script.cost(scene, 170, 20), script.line(scene, 100, 50), script.place(scene, 0.25, 0.75),
        script.place(scene, -1, 2)]));
    """
    made = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    cost, line, place, outside = json.loads(made.stdout)
    assert cost == pytest.approx(simple_linear_regression.cost(X, Y, 170, 20))
    assert line == next(tree().iter("polyline")).get("points")
    assert place == {"w": 100, "b": 0}
    assert outside == {"w": 0, "b": -100}


def test_a_click_moves_the_line_and_a_slider_does(tmp_path):
    mlflow_page = pytest.importorskip(
        "docs.mlflow_page", reason="no Selenium: pip install selenium", exc_type=ImportError
    )
    if missing := mlflow_page.missing():
        pytest.skip(missing)
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    sections = (Section(heading="Move", figures=(FIGURE,)),)
    content = read(Lesson(title="A line", lead="", sections=sections), key="k", week="")
    path = tmp_path / "page.html"
    path.write_text(lesson.page(content))
    with mlflow_page.browser(tmp_path, 1000, 1400) as driver:
        driver.get(path.as_uri())
        output = driver.find_element(By.CSS_SELECTOR, ".line-fit output")
        cost = simple_linear_regression.cost(X, Y, 100, 50)
        assert output.text == f"w = 100, b = 50, cost = {float(f'{cost:.4g}'):,.0f}"
        plane = driver.find_element(By.CSS_SELECTOR, ".chart.contour svg.clip")
        ActionChains(driver).move_to_element(plane).click().perform()
        slider = {
            name: driver.find_element(By.CSS_SELECTOR, f"[data-knob={name}]") for name in "wb"
        }
        at = {name: float(one.get_attribute("value")) for name, one in slider.items()}
        assert at == pytest.approx({"w": 200, "b": 100}, abs=5)  # the middle of both axes
        before = driver.find_element(By.CSS_SELECTOR, ".chart.lines polyline").get_attribute(
            "points"
        )
        slider["w"].send_keys(Keys.ARROW_RIGHT)
        after = driver.find_element(By.CSS_SELECTOR, ".chart.lines polyline").get_attribute(
            "points"
        )
        assert after != before
        assert output.text.startswith(f"w = {at['w'] + 2:g}")

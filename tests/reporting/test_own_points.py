"""Points that a reader adds: the page's script fits what the NumPy code fits, before and after."""

import json
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.reporting.lesson_miniature import read

from foursplit.core.lesson_figures import Lesson, OwnPoints, Section
from foursplit.reporting.pages import lesson
from foursplit.reporting.plots.own_points import own_points
from foursplit.reporting.plots.svg import STYLESHEET
from foursplit_courses.from_scratch import features, linear, logistic

RNG = np.random.default_rng(3)
X = np.round(RNG.uniform(-1, 1, (25, 2)), 3)
LABEL = (np.hypot(*X.T) + 0.2 * RNG.normal(size=25) < 0.7).astype(int)
SCRIPT = STYLESHEET.parent / "own_points.js"
NAMED = {"x_label": "a", "y_label": "b", "x_range": (-1.0, 1.0), "y_range": (-1.0, 1.0)}
CLASSIFIER = OwnPoints(
    title="Parts",
    model="logistic",
    x=X[:, 0],
    y=X[:, 1],
    label=LABEL.tolist(),
    classes=("bad </script>", "good"),
    degree=3,
    max_degree=6,
    l2=0.1,
    **NAMED,
)
CURVE = OwnPoints(
    title="Curve",
    model="linear",
    x=X[:, 0],
    y=X[:, 1],
    label=[0] * 25,
    classes=("examples",),
    degree=4,
    max_degree=10,
    l2=0.01,
    **NAMED,
)


def numpy_fit(model, x, y, degree, l2):
    """Give the cost without penalty and the answers at the examples, by the NumPy code."""
    (terms,) = features.scaled_polynomial_features(degree, x)
    if model == "linear":
        parameters = linear.normal_equation(terms, y, l2)
        return linear.cost(terms, y, parameters), linear.predict(terms, parameters)
    parameters = logistic.solve(terms, y, l2)
    answers = logistic.sigmoid(linear.predict(terms, parameters))
    return logistic.cost(terms, y, parameters), answers


def tree(figure):
    return ElementTree.fromstring(str(own_points(read(figure))).replace("></input>", " />"))


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the page's script")
@pytest.mark.parametrize("degree", [1, 3, 6])
@pytest.mark.parametrize("l2", [1e-3, 1.0])
@pytest.mark.parametrize("figure", [CLASSIFIER, CURVE], ids=lambda figure: figure.model)
def test_the_script_fits_what_numpy_fits(figure, degree, l2):
    scene = json.loads(next(tree(figure).iter("script")).text)
    code = f"""
      const script = require({json.dumps(str(SCRIPT))}), scene = {json.dumps(scene)};
      const found = script.fit(scene.model, scene.examples, {degree}, {l2});
      console.log(JSON.stringify([found.cost, scene.examples.map((e) => found.predict(e.x)),
        found.wrong]));
    """
    made = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    cost, answers, wrong = json.loads(made.stdout)
    if figure is CURVE:
        x, y = X[:, :1], X[:, 1]
    else:
        x, y = X, LABEL.astype(float)
    expected_cost, expected = numpy_fit(figure.model, x, y, degree, l2)
    assert cost == pytest.approx(expected_cost, rel=1e-6)
    np.testing.assert_allclose(answers, expected, atol=1e-5)
    if figure is CLASSIFIER:
        assert wrong == ((expected > 0.5) != LABEL).sum()


def test_the_figure_shows_its_examples_without_a_script():
    shown = [e for e in tree(CLASSIFIER).iter("path") if e.get("class", "").startswith("cross g1")]
    assert len(shown) == LABEL.sum() + 1  # and the legend's
    sliders = {i.get("data-knob"): i.get("value") for i in tree(CLASSIFIER).iter("input")}
    assert sliders["degree"] == "3"
    assert sliders["l2"] == "-1"


@pytest.mark.slow
def test_a_click_adds_an_example_and_the_model_is_that_of_all_in_ci(tmp_path):
    mlflow_page = pytest.importorskip(
        "docs.mlflow_page", reason="no Selenium: pip install selenium", exc_type=ImportError
    )
    if missing := mlflow_page.missing():
        pytest.skip(missing)
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    sections = (Section(heading="Add", figures=(CLASSIFIER,)),)
    content = read(Lesson(title="Own", lead="", sections=sections), key="k", week="")
    path = tmp_path / "page.html"
    path.write_text(lesson.page(content))
    with mlflow_page.browser(tmp_path, 1000, 1400) as driver:
        driver.get(path.as_uri())
        figure = driver.find_element(By.CSS_SELECTOR, ".own-points")
        output = figure.find_element(By.CSS_SELECTOR, "output")
        before, _ = numpy_fit("logistic", X, LABEL.astype(float), 3, 0.1)
        assert f"cost {before:.4g}," in output.text
        figure.find_elements(By.CSS_SELECTOR, "input[type=radio]")[1].click()
        plane = figure.find_element(By.CSS_SELECTOR, "svg.clip")
        ActionChains(driver).move_to_element_with_offset(plane, 120, 60).click().perform()
        (added,) = json.loads(figure.get_attribute("data-added"))
        assert added["y"] == 1
        x, y = np.vstack([X, added["x"]]), np.append(LABEL, 1.0)
        after, answers = numpy_fit("logistic", x, y, 3, 0.1)
        wrong = int(((answers > 0.5) != (y == 1)).sum())
        assert f"cost {after:.4g}, {wrong} of 26 wrong; 1 of your own" in output.text
        assert len(figure.find_elements(By.CSS_SELECTOR, "[data-own]")) == 1
        figure.find_element(By.CSS_SELECTOR, "[data-do=undo]").click()
        assert f"cost {before:.4g}," in output.text

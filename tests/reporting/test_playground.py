"""The playground: what is stored, what its script computes from it, what a click does."""

import base64
import json
import shutil
import subprocess
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.reporting.lesson_miniature import read

from foursplit.core.lesson_figures import Lesson, Playground, Section
from foursplit.reporting.pages import lesson
from foursplit.reporting.plots.playground import choices, forward, parameters, playground
from foursplit.reporting.plots.svg import STYLESHEET

SCRIPT = STYLESHEET.parent / "playground.js"
LAYERS, ACTIVATIONS, STEPS = ((3,), (2, 4), ()), ("relu", "tanh"), (0, 10)
SIZES = {(3,): 13, (2, 4): 6 + 12 + 5, (): 3}
WEIGHTS = np.random.default_rng(2).normal(
    size=sum(SIZES[units] for _, units, *_ in product("ab", LAYERS, "rt", "12", STEPS))
)
FIGURE = Playground(
    title="Play </script>",
    data=("one", "two"),
    points=([[0.5, 1.0, 1], [-1.0, 0.2, 0]], [[0.1, 0.1, 0]]),
    layers=LAYERS,
    activations=ACTIVATIONS,
    others=(("rate", ("1", "2")),),
    steps=STEPS,
    half_width=2.0,
    weights=base64.b64encode(WEIGHTS.astype("<f4").tobytes()).decode(),
    start=(0, 1, 1, 0),
)
CHOSEN = list(product(range(2), range(3), range(2), range(2)))


def content():
    return read(FIGURE)


def test_every_combination_has_weights_of_its_own_and_none_is_left():
    stored = content()
    parts = [parameters(stored, chosen, step) for chosen in CHOSEN for step in range(2)]
    np.testing.assert_array_equal(np.concatenate(parts), WEIGHTS.astype("<f4"))
    with pytest.raises(KeyError):
        parameters(stored, (2, 0, 0, 0), 0)


def test_a_network_is_its_layers_one_after_the_other():
    stored, x = content(), np.array([[0.5, -1.0], [2.0, 0.0]])
    flat = parameters(stored, (0, 0, 1, 1), 1).astype(float)
    hidden = np.tanh(x @ flat[:6].reshape(3, 2).T + flat[6:9])
    expected = 1 / (1 + np.exp(-(hidden @ flat[9:12] + flat[12])))
    first, last = forward(stored, (0, 0, 1, 1), 1, x)
    np.testing.assert_allclose(first, hidden)
    np.testing.assert_allclose(last[:, 0], expected)


def test_names_are_escaped_and_each_choice_has_a_menu():
    text = str(playground(content()))
    assert text.count("</script") == 1
    tree = ElementTree.fromstring(text.replace("<script", "<script").replace("/>", " />"))
    menus = [[o.text for o in menu.iter("option")] for menu in tree.iter("select")]
    assert menus == [values for _, values in choices(content())]
    assert menus[1] == ["3", "2–4", "none"]


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the page's script")
def test_the_script_computes_what_python_does():
    asked = [(chosen, step) for chosen in CHOSEN for step in range(2)]
    code = f"""
      const script = require({json.dumps(str(SCRIPT))});
      const scene = {json.dumps({**content(), "counts": [2, 3, 2, 2]})};
      const weights = script.decode(scene.weights);
      console.log(JSON.stringify({json.dumps(asked)}.map(
        ([chosen, step]) => script.forward(scene, weights, chosen, step, [0.7, -0.4]))));
    """
    made = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True)
    for (chosen, step), layers in zip(asked, json.loads(made.stdout), strict=True):
        expected = forward(content(), chosen, step, np.array([[0.7, -0.4]]))
        for mine, theirs in zip(layers, expected, strict=True):
            np.testing.assert_allclose(mine, theirs[0], rtol=1e-12)


@pytest.mark.slow
def test_menus_steps_and_the_button_draw_again(tmp_path):
    mlflow_page = pytest.importorskip(
        "docs.mlflow_page", reason="no Selenium: pip install selenium", exc_type=ImportError
    )
    if missing := mlflow_page.missing():
        pytest.skip(missing)
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait

    sections = (Section(heading="Play", figures=(FIGURE,)),)
    page = read(Lesson(title="Playground", lead="", sections=sections), key="k", week="")
    path = tmp_path / "page.html"
    path.write_text(lesson.page(page))
    with mlflow_page.browser(tmp_path, 1000, 1400) as driver:
        driver.get(path.as_uri())

        def one(css):
            return driver.find_element(By.CSS_SELECTOR, f".playground {css}")

        def drawn():
            return driver.execute_script(
                "return document.querySelector('.playground .whole').toDataURL()"
            )

        def units():
            return len(driver.find_elements(By.CSS_SELECTOR, ".playground .units canvas"))

        def missed(chosen, step):
            points = np.asarray(FIGURE.points[chosen[0]])
            *_, last = forward(content(), chosen, step, points[:, :2])
            return int(((last[:, 0] > 0.5) != (points[:, 2] == 1)).sum())

        assert not one(".still").is_displayed()
        assert units() == 6
        wrong = missed((0, 1, 1, 0), 1)
        assert one("output").text == f"after step 10: wrong on {wrong} of 2 points"
        last = drawn()
        one("input[type=range]").send_keys(Keys.ARROW_LEFT)
        assert one("output").text.startswith("after step 0")
        assert (first := drawn()) != last
        Select(one("[data-choice='1']")).select_by_visible_text("3")
        assert units() == 3
        assert drawn() != first
        Select(one("[data-choice='1']")).select_by_visible_text("2–4")
        assert drawn() == first
        one("button").click()
        WebDriverWait(driver, 10).until(lambda _: one("output").text.startswith("after step 10"))
        assert drawn() == last
        assert one("button").text == "Play"  # it has come to its end
        Select(one("[data-choice='0']")).select_by_visible_text("two")
        assert one("output").text.endswith("of 1 points")

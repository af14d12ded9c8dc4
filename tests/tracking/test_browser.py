"""MLflow's page in a real browser shows two runs side by side, as the stages wrote them."""

import json
import os
from urllib.parse import urlsplit

import pytest
from tests.tracking import miniature

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.diagnosis.decomposition.ledger import LINKS
from foursplit.io import artifacts
from foursplit.tracking.page_server import STORED_KEY, STORED_VALUE

mlflow_page = pytest.importorskip(
    "docs.mlflow_page", reason="no Selenium: pip install selenium", exc_type=ImportError
)

WINNER, OTHER = "wines_soft", "wines_hard"
CLASSES = ["barolo", "barbera"]


@pytest.fixture
def rivals(world, rng):
    """Give a project with two experiments of one group, and errors and gaps at random."""
    content = json.loads(json.dumps(miniature.PARAMS))
    block = content["experiments"]["improving"]
    block[OTHER] = {**block[WINNER], "model_args": {"hidden": [8]}}
    (world.root / "params.yaml").write_text(json.dumps(content))
    world.params = load()
    miniature.write_results(OTHER, world.params.experiment(OTHER), classes=CLASSES)
    summaries = [summary(key) for key in (WINNER, OTHER)]
    for path in summaries:
        artifacts.write_json(path, at_random(artifacts.read_json(path), rng))
    return world, [artifacts.read_json(path) for path in summaries]


def summary(key):
    group = load().experiment(key).group
    folder = paths.final(group) if key == WINNER else paths.predictions(group) / key
    return paths.seed_folder(folder, 1) / "summary.json"


def at_random(told, rng):
    errors = {split: {**error, "value": rng.random()} for split, error in told["splits"].items()}
    ledger = [
        {**told["ledger"][0], "gap": gap, "value": rng.uniform(-1, 1)}
        for gap, (_, end) in LINKS.items()
        if end in errors
    ]
    return {**told, "splits": errors, "ledger": ledger, "human": {"error": rng.random()}}


def expected(told):
    """Name the numbers of a stage's file as MLflow is to show them, to its three digits."""
    found = {f"diagnosis/{split}/error": error["value"] for split, error in told["splits"].items()}
    return found | {f"diagnosis/gap/{gap['gap']}": gap["value"] for gap in told["ledger"]}


@pytest.mark.slow
def test_two_runs_are_compared_in_a_browser_that_reaches_nothing_else_in_ci(rivals, tmp_path):
    if mlflow_page.missing():
        pytest.skip(mlflow_page.missing())
    world, told = rivals
    names = [f"{key} seed 1" for key in (WINNER, OTHER)]
    folder = tmp_path / "browser"
    folder.mkdir()
    with (
        mlflow_page.page(world.root, os.environ) as address,
        mlflow_page.browser(folder) as driver,
    ):
        mlflow_page.open_experiment(driver, address, "improving/wines")
        mlflow_page.compare(driver, names)
        columns = mlflow_page.compared_runs(driver)
        shown = mlflow_page.metrics(driver)
    assert sorted(columns) == sorted(names)
    for name, wanted in zip(names, map(expected, told), strict=True):
        place = columns.index(name)
        found = {metric: float(shown[metric][place]) for metric in wanted}
        assert found == pytest.approx(wanted, abs=0.0005)
    assert {"diagnosis/test/error", "diagnosis/gap/dev_overfit"} <= expected(told[0]).keys()
    assert shown["diagnosis/test/error"][columns.index(names[1])] == "NaN"  # sealed
    requests = mlflow_page.requests(folder)
    assert {urlsplit(url).netloc for url in requests} == {urlsplit(address).netloc}
    assert any("/mlflow/runs/" in url for url in requests)


@pytest.mark.slow
def test_an_experiment_opens_on_its_runs_from_the_page_that_is_named_first_in_ci(rivals, tmp_path):
    if mlflow_page.missing():
        pytest.skip(mlflow_page.missing())
    world, _ = rivals
    with (
        mlflow_page.page(world.root, os.environ) as address,
        mlflow_page.browser(tmp_path) as driver,
    ):
        mlflow_page.open_experiment(driver, address, "improving/wines")
        fragment = urlsplit(driver.current_url).fragment
        chosen = driver.execute_script(f"return localStorage.getItem('{STORED_KEY}')")
    assert urlsplit(fragment).path.endswith("/runs")
    assert chosen == f'"{STORED_VALUE}"'

"""Take the README's picture of MLflow from this folder's own results.

It tracks them, opens MLflow's page in a browser without a window, compares two runs there, and
puts below each other the rows that a reader would scroll to.  `foursplit repro` comes first.
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":  # a script finds only its own folder
    sys.path.insert(0, str(ROOT))

from docs import mlflow_page  # noqa: E402

PICTURE = ROOT / "docs" / "pictures" / "mlflow-comparison.png"

EXPERIMENT = "convolutional/c4w2_digits"
RUNS = ("c4w2_digits_softmax seed 1", "c4w2_digits_mlp seed 1")

SPLITS = ("train", "train_dev", "dev", "test")
GAPS = ("avoidable_bias", "variance", "mismatch", "dev_overfit")
ROWS = (
    "human_error",
    *(f"diagnosis/{split}/error" for split in SPLITS),
    *(f"diagnosis/gap/{gap}" for gap in GAPS),
)

WIDTH = 1250  # of the window; more would be shrunk on the README's page

MARGIN, SCROLL_BAR = 8, 16  # pixels: below heading and names; to the right of the table

NO_ASSISTANT = """
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");
"""
"""Its panel, about language models, takes a third of the page."""


def comparison(driver: Any, address: str) -> Image.Image:
    """Compare the runs; give heading, names and the rows of `ROWS` as one picture."""
    driver.get(address)
    driver.execute_script(NO_ASSISTANT)
    driver.refresh()
    mlflow_page.open_experiment(driver, address, EXPERIMENT)
    mlflow_page.compare(driver, RUNS)
    parts = list(_parts(driver))
    width = max(part.width for part in parts) - SCROLL_BAR
    height = sum(part.height for part in parts) + MARGIN * (len(parts) - len(ROWS))
    whole = Image.new("RGB", (width, height), "white")
    top = 0
    for place, part in enumerate(parts):
        whole.paste(part, (0, top))
        top += part.height + MARGIN * (place < len(parts) - len(ROWS))
    return whole


def _parts(driver: Any) -> Iterator[Image.Image]:
    yield _picture(driver.find_element("xpath", "//*[starts-with(text(), 'Comparing')]"))
    yield _picture(driver.find_element("xpath", "//tr[th='Run Name:']"))
    found = mlflow_page.rows(driver, ROWS, _picture)
    yield from (found[name] for name in ROWS)


def _picture(element: Any) -> Image.Image:
    return Image.open(io.BytesIO(element.screenshot_as_png)).convert("RGB")


def main() -> None:
    """Write the picture."""
    if mlflow_page.missing():
        sys.exit(mlflow_page.missing())
    with (
        tempfile.TemporaryDirectory(prefix="foursplit-pictures-") as folder,
        mlflow_page.page(ROOT, os.environ) as address,
        mlflow_page.browser(Path(folder), WIDTH) as driver,
    ):
        comparison(driver, address).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()

"""MLflow's page in a browser without a window: two runs chosen, compared and read.

It needs Debian's chromium and chromium-driver (or others on the PATH) and Selenium, and lets the
browser reach 127.0.0.1 alone.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from foursplit.cli.commands.ui import PAGE
from foursplit.tracking import page_server

HOST = "127.0.0.1"

FLAGS = (
    "--headless=new",
    "--no-sandbox",  # which root may not have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # What the browser itself would fetch:
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)

PATIENCE_S = 120.0  # for the page to show something, on a busy machine

ROW_PX = 45  # of the table of metrics
STEP_PX = 4 * ROW_PX  # of the six rows that can be seen

NAMES, VALUES = 0, 1  # the table's two halves, a grid each


def missing() -> str | None:
    """Say what is not there: a program, or the page that MLflow's server is to find."""
    if not page_server.is_installed():
        return "the environment is older than pyproject.toml: make .venv/ready"
    for name in ("chromium", "chromedriver"):
        if shutil.which(name) is None:
            return f"no {name} on the PATH: apt-get install chromium chromium-driver"
    return None


@contextmanager
def page(root: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Run `foursplit ui` on the project in `root`; give the address that it prints."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "foursplit", "ui", "--port", str(port)],
        cwd=root,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert server.stdout is not None
        lines = (word for line in server.stdout for word in line.split())
        found = next((word for word in lines if word.startswith(f"http://{HOST}:{port}")), None)
        if found is None:
            raise RuntimeError("`foursplit ui` ended before it served a page")
        yield found.partition("/#")[0]  # the server, without the page that is named first
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate()


@contextmanager
def browser(folder: Path, width: int = 1600, height: int = 1400) -> Iterator[Any]:
    """Open a browser that keeps its profile, and a log of each request, in `folder`."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    own = (
        f"--user-data-dir={folder / 'profile'}",
        f"--log-net-log={folder / 'requests.json'}",
        f"--window-size={width},{height}",
    )
    for flag in (*FLAGS, *own):
        options.add_argument(flag)
    # Given a driver, Selenium looks for none; and it tells its makers nothing.
    os.environ |= {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def requests(folder: Path) -> list[str]:
    """List the addresses that pages asked for; call it when the browser has ended."""
    logged = json.loads((folder / "requests.json").read_text(encoding="utf-8"))
    asked = (event.get("params", {}) for event in logged["events"])
    # What the browser asks for by itself has no origin.
    return [a["url"] for a in asked if "url" in a and a.get("initiator", "").startswith("http")]


def soon(driver: Any, what: str, find: Callable[[Any], Any]) -> Any:
    """Give what `find` finds, as soon as it finds something; `what` says so if it never does."""
    stale = (StaleElementReferenceException, WebDriverException)
    return WebDriverWait(driver, PATIENCE_S, 0.2, stale).until(find, f"the page shows no {what}")


def click(driver: Any, what: str, where: tuple[str, str]) -> None:
    """Click on the first element found `where`, once it can be clicked."""

    def clicked(_: Any) -> bool:
        driver.find_element(*where).click()
        return True

    soon(driver, what, clicked)


def open_experiment(driver: Any, address: str, name: str) -> None:
    """Go from the page that `foursplit ui` names first to the runs of experiment `name`."""
    driver.get(f"{address}/{PAGE}")
    click(driver, f"link to {name}", (By.LINK_TEXT, name))
    soon(driver, "table of runs", lambda d: d.find_elements(By.CSS_SELECTOR, ".ag-row"))


def compare(driver: Any, runs: Sequence[str]) -> None:
    """Tick the runs of these names, and press Compare."""
    for name in runs:
        row = soon(driver, name, lambda _, name=name: _row(driver, name))
        box = f".ag-row[row-index='{row}'] input.ag-checkbox-input"
        click(driver, f"box of {name}", (By.CSS_SELECTOR, box))
    button = "[data-testid='runs-compare-button']"
    click(driver, "button to compare", (By.CSS_SELECTOR, button))
    soon(driver, "comparison", lambda _: len(_grids(driver)) == 2)


def _row(driver: Any, name: str) -> str | None:
    rows = driver.find_elements(By.CSS_SELECTOR, ".ag-row")
    return next((row.get_attribute("row-index") for row in rows if name in row.text), None)


def compared_runs(driver: Any) -> list[str]:
    """Give the names of the runs that are compared, in the order of their columns."""
    row = soon(driver, "names", lambda d: d.find_element(By.XPATH, "//tr[th='Run Name:']"))
    return [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]


def metrics(driver: Any) -> dict[str, list[str]]:
    """Read the table of metrics: what it shows of each run, by the metric's name."""
    return {name: cells for _, name, cells in _scrolled(driver)}


def rows(driver: Any, names: Collection[str], picture: Callable[[Any], Any]) -> dict[str, Any]:
    """Cut the rows of the metrics `names` out of the `picture` of the table, scrolled to each."""
    found = {}
    for scrolled, name, _ in _scrolled(driver):
        if name in names:
            own, values = _grids(driver)
            top = next(t for t, cells in _cells(driver, own).items() if cells == [name]) - scrolled
            both = "./ancestor::div[count(.//*[@role='grid'])=2][1]"
            table = picture(values.find_element(By.XPATH, both))
            found[name] = table.crop((0, top, table.width, top + ROW_PX))
    return found


def _scrolled(driver: Any) -> Iterator[tuple[int, str, list[str]]]:
    """Scroll through the table of metrics: it holds no more rows than can be seen.

    Yield for each row in sight how far the table is scrolled, the metric's name and its values.
    """
    script = "return arguments[0].scrollHeight - arguments[0].clientHeight"
    # The names' half has no bar below it, so it is the first to reach its end.
    end = driver.execute_script(script, _grids(driver)[NAMES])
    for top in (*range(0, end, STEP_PX), end):
        soon(driver, "row", lambda _, top=top: _is_scrolled(driver, top))
        names, values = (_cells(driver, grid) for grid in _grids(driver))
        for place in sorted(names.keys() & values.keys()):
            if top <= place <= top + STEP_PX:
                yield top, names[place][0], values[place]


def _is_scrolled(driver: Any, top: int) -> bool:
    """Tell whether both halves of the table stand at `top` with their rows; else scroll them."""
    grids = _grids(driver)
    script = "return Array.from(arguments).map(grid => grid.scrollTop)"
    last = (top + STEP_PX) // ROW_PX * ROW_PX - ROW_PX
    if set(driver.execute_script(script, *grids)) == {top} and all(
        last in _cells(driver, grid) for grid in grids
    ):
        return True
    # Both: a script that scrolls the values alone leaves the names a step behind.
    driver.execute_script(
        "for (const grid of arguments[0]) grid.scrollTo(0, arguments[1])", grids, top
    )
    return False


def _grids(driver: Any) -> list[Any]:
    return driver.find_elements(By.CSS_SELECTOR, ".ReactVirtualized__Grid")


def _cells(driver: Any, grid: Any) -> dict[int, list[str]]:
    """Give the texts of a grid's cells from left to right, by their row's place in pixels."""
    script = """
        return Array.from(arguments[0].firstElementChild.children).map(cell =>
            [parseInt(cell.style.top), parseInt(cell.style.left), cell.innerText])"""
    rows: dict[int, list[str]] = {}
    for top, _, text in sorted(driver.execute_script(script, grid)):
        rows.setdefault(top, []).append(text.strip())
    return rows

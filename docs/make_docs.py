"""Write the generated pages of the docs, or with `--check` say which one is stale.

Run by `make docs`. A further page is one more line in `pages`; a block of a page that is otherwise
written by hand is `fill(page, name, body)` there.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":  # a script finds only its own folder; tests too import `docs.<page>`
    sys.path.insert(0, str(ROOT))

from docs import (  # noqa: E402
    advice_page,
    coverage_page,
    findings_page,
    headlines,
    iterations_page,
    notebooks,
    results,
)


def pages(root: Path) -> dict[Path, str]:
    """Say what each generated file should hold, from the sources under `root`."""
    return {
        root / "docs/advice.md": advice(root),
        root / advice_page.PICTURE: advice_page.picture(root),
        root / "docs/coverage.md": coverage(root),
        root / "docs/findings.md": findings_page.page(),
        root / "docs/headlines.md": headlines.page(root),
        root / "docs/iterations.md": iterations(root),
        root / "docs/benchmarks.md": benchmarks(root),
        root / "docs/vectors.md": vectors(root),
        root / "README.md": readme(root),
        **{
            root / f"docs/notebooks/{name}.ipynb": notebooks.notebook(text)
            for name, text in (("python", _read(root, "python")), ("vectors", vectors(root)))
        },
    }


def _read(root: Path, name: str) -> str:
    return (root / f"docs/{name}.md").read_text(encoding="utf-8")


def vectors(root: Path) -> str:
    """Fill docs/vectors.md with what the benchmarks of loops measured last."""
    return fill(_read(root, "vectors"), "vectorised", results.vectorised(root))


def readme(root: Path) -> str:
    """Fill the README with what the pipeline measured last."""
    text = (root / "README.md").read_text(encoding="utf-8")
    text = fill(text, "experiments", results.experiments(root))
    return fill(text, "clean", results.clean(root))


def benchmarks(root: Path) -> str:
    """Fill docs/benchmarks.md with what the benchmarks measured last."""
    text = (root / "docs/benchmarks.md").read_text(encoding="utf-8")
    for name in (
        "pipeline", "commands", "engine", "gate", "store", "gpu", "benchmark", "seeds",
    ):  # fmt: skip
        text = fill(text, name, getattr(results, name)(root))
    return text


def advice(root: Path) -> str:
    """Fill docs/advice.md with what the advice benchmark measured last."""
    text = (root / "docs/advice.md").read_text(encoding="utf-8")
    text = fill(text, "summary", advice_page.summary(root))
    text = fill(text, "goals", advice_page.goals(root))
    text = fill(text, "promises", advice_page.promises(root))
    text = fill(text, "reasons", advice_page.not_converged(root))
    text = fill(text, "losses", advice_page.losses(root))
    return fill(text, "problems", advice_page.per_problem(root))


def iterations(root: Path) -> str:
    """Fill the tables of the iterations with what pipeline and history say."""
    text = (root / "docs/iterations.md").read_text(encoding="utf-8")
    text = fill(text, "iterations", iterations_page.iterations(root))
    text = fill(text, "tags", iterations_page.tags(root))
    return fill(text, "moved", iterations_page.moved(root))


def coverage(root: Path) -> str:
    """Make the page of the exercises, once every cover it names is known to exist."""
    rows = coverage_page.parse((root / "docs/coverage.yaml").read_text(encoding="utf-8"))
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    coverage_page.check(rows, coverage_page.experiment_keys(params), root)
    return coverage_page.render(rows)


def fill(text: str, name: str, body: str) -> str:
    """Put `body` between the lines `<!-- begin name -->` and `<!-- end name -->` of `text`."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    for marker in (begin, end):
        if text.count(marker) != 1:
            raise ValueError(f"marker {marker} stands {text.count(marker)} times; it must once")
    before, rest = text.split(begin)
    if end not in rest:
        raise ValueError(f"marker {end} stands before {begin}")
    return f"{before}{begin}\n{body.strip()}\n{end}{rest.split(end)[1]}"


def is_current(page: Path, text: str) -> bool:
    """Whether `page` is on disk and holds `text`."""
    return page.is_file() and page.read_text(encoding="utf-8") == text


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> None:
    """Bring every page up to date, or with `--check` leave with status 1 if one is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a page is stale")
    check = parser.parse_args(arguments).check
    stale = {page: text for page, text in pages(root).items() if not is_current(page, text)}
    if check and stale:
        names = ", ".join(str(page.relative_to(root)) for page in stale)
        sys.exit(f"stale: {names}; run `make docs`")
    for page, text in stale.items():
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

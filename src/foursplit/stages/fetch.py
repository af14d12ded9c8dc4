"""Stage fetch: raw files, as published, checked byte by byte."""

from foursplit.core import paths, source
from foursplit.core.params import load
from foursplit.data.fetch import fetch


def run(name: str) -> str:
    """Fill `data/raw/<name>`; return what to tell the user."""
    load().source(name)  # an unknown name is refused here
    files = fetch(source.module(name).SOURCE, paths.raw(name))
    size = sum(path.stat().st_size for path in files)
    return f"{len(files)} file{'s'[: len(files) != 1]}, {size / 1e3:,.0f} kB, sha256 as declared"

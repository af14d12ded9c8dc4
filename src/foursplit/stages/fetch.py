"""Stage fetch: raw files, as published, checked byte by byte."""

from foursplit.core import paths, source
from foursplit.core.params import load
from foursplit.data.fetch import fetch
from foursplit.data.remote import terms


def run(name: str) -> str:
    """Fill `data/raw/<name>`; return what to tell the user."""
    params = load()
    params.source(name)  # an unknown name is refused here
    declared = source.module(name).SOURCE
    terms.require(name, declared, terms.accepted(params.run.accept_licences))
    found = fetch(declared, paths.raw(name))
    files = f"{found.n:,} file{'s'[: found.n != 1]}"
    return f"{files}, {found.bytes / 1e3:,.0f} kB, sha256 as declared"

"""Stage fetch: raw files, as published, checked byte by byte."""

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.data.download import licences
from foursplit.data.fetch import fetch


def run(name: str) -> str:
    """Write `data/raw/<name>`; return what to tell the user."""
    params = load()
    params.dataset(name)  # an unknown name is refused here
    declared = plugins.dataset(name).SPEC
    licences.require_accepted(name, declared, licences.accepted_entries(params.run.accept_licences))
    found = fetch(declared, paths.raw(name))
    files = f"{found.n:,} file{'s'[: found.n != 1]}"
    return f"{files}, {found.bytes / 1e3:,.0f} kB, sha256 as declared"

"""Stage weights: published weights of a catalogue, checked byte by byte, under our names."""

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.data.download import licences, weights_catalogue
from foursplit.data.fetch_weights import fetch_weights


def run(name: str) -> str:
    """Write `data/weights/<name>`; return what to tell the user."""
    entry = weights_catalogue.load_entry(name)
    accepted = licences.accepted_entries(load().run.accept_licences)
    licences.require_weights_accepted(name, entry, accepted)
    n = fetch_weights(name, paths.weights(name))
    return (
        f"{n:,} tensor{'s'[: n != 1]}, {entry.file.bytes / 1e3:,.0f} kB, sha256 as declared, "
        f"{entry.licence}"
    )

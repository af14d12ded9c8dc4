"""The runs that a store holds already: asked for by their tags, for a store may hold thousands."""

from collections.abc import Iterator, Sequence
from typing import Any

KEY, CURRENT, LIVE = "foursplit.key", "foursplit.current", "foursplit.live"

PAGE = 1000  # runs a query


def current(client: Any, ids: Sequence[str]) -> list[Any]:
    """Give the runs that showed what lay in data/ when they were last tracked."""
    return list(_runs(client, ids, f"tags.`{CURRENT}` = 'true'"))


def of_key(client: Any, experiment_id: str, key: str) -> list[Any]:
    """Give every run of `key`, whether it was finished or half written."""
    return list(_runs(client, [experiment_id], f"tags.`{KEY}` = '{key}'"))


def followed(client: Any, experiment_id: str, mark: str) -> list[Any]:
    """Give the runs of the training `mark` that no finished model has completed yet."""
    return _waiting(_runs(client, [experiment_id], f"tags.`{LIVE}` = '{mark}'"))


def running(client: Any, ids: Sequence[str]) -> list[Any]:
    """Give the live runs that nobody has ended."""
    where = f"attributes.status = 'RUNNING' and tags.`{LIVE}` LIKE '%'"
    return _waiting(_runs(client, ids, where))


def _waiting(runs: Iterator[Any]) -> list[Any]:
    return [run for run in runs if KEY not in run.data.tags]


def _runs(client: Any, ids: Sequence[str], where: str) -> Iterator[Any]:
    token = None
    while ids:
        page = client.search_runs(list(ids), where, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return

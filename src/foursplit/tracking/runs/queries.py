"""The runs that a store holds already: asked for by their tags, for a store may hold thousands."""

from collections.abc import Iterator, Sequence
from typing import Any

KEY, CURRENT, LIVE = "foursplit.key", "foursplit.current", "foursplit.live"

PAGE_SIZE = 1000  # runs a query


def current_runs(client: Any, ids: Sequence[str]) -> list[Any]:
    """Give the runs that showed what lay in data/ when they were last tracked."""
    return list(_search(client, ids, f"tags.`{CURRENT}` = 'true'"))


def runs_with_key(client: Any, experiment_id: str, key: str) -> list[Any]:
    """Give every run of `key`, whether it was finished or half written."""
    return list(_search(client, [experiment_id], f"tags.`{KEY}` = '{key}'"))


def live_runs(client: Any, experiment_id: str, mark: str) -> list[Any]:
    """Give the runs of the training `mark` that no finished model has completed yet."""
    return _without_key(_search(client, [experiment_id], f"tags.`{LIVE}` = '{mark}'"))


def unfinished_live_runs(client: Any, ids: Sequence[str]) -> list[Any]:
    """Give the live runs that nobody has ended."""
    where = f"attributes.status = 'RUNNING' and tags.`{LIVE}` LIKE '%'"
    return _without_key(_search(client, ids, where))


def _without_key(runs: Iterator[Any]) -> list[Any]:
    return [run for run in runs if KEY not in run.data.tags]


def _search(client: Any, ids: Sequence[str], where: str) -> Iterator[Any]:
    token = None
    while ids:
        page = client.search_runs(list(ids), where, max_results=PAGE_SIZE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return

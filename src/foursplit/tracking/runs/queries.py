"""Queries for existing runs, by their tags: a store may have thousands."""

from collections.abc import Iterator, Sequence
from typing import Any

KEY, CURRENT, LIVE = "foursplit.key", "foursplit.is_latest", "foursplit.in_progress"

PAGE_SIZE = 1000  # runs per query


def current_runs(client: Any, ids: Sequence[str]) -> list[Any]:
    """Return the runs that were current at the last sync."""
    return list(_search(client, ids, f"tags.`{CURRENT}` = 'true'"))


def runs_with_key(client: Any, experiment_id: str, key: str) -> list[Any]:
    """Return every run of `key`, finished or not."""
    return list(_search(client, [experiment_id], f"tags.`{KEY}` = '{key}'"))


def runs_with_tag(client: Any, experiment_id: str, tag: str, value: str) -> list[Any]:
    """Return every run whose `tag` has this value."""
    return list(_search(client, [experiment_id], f"tags.`{tag}` = '{value}'"))


def live_runs(client: Any, experiment_id: str, key: str) -> list[Any]:
    """Return the live runs of the training `key` without a finished model."""
    return _without_key(_search(client, [experiment_id], f"tags.`{LIVE}` = '{key}'"))


def unfinished_live_runs(client: Any, ids: Sequence[str]) -> list[Any]:
    """Return the live runs that have not ended."""
    filter_string = f"attributes.status = 'RUNNING' and tags.`{LIVE}` LIKE '%'"
    return _without_key(_search(client, ids, filter_string))


def _without_key(runs: Iterator[Any]) -> list[Any]:
    return [run for run in runs if KEY not in run.data.tags]


def _search(client: Any, ids: Sequence[str], filter_string: str) -> Iterator[Any]:
    token = None
    while ids:
        page = client.search_runs(list(ids), filter_string, max_results=PAGE_SIZE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return

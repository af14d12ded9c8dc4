"""Looks at test that the registry remembers: a folder's own count ends with the folder.

A look is a distinct pair of a test and a model.  Each is a tag of the group's registered model, so
that the same look again is no new one, and two that are noted at once are both kept.
"""

from collections.abc import Iterable
from typing import Any

from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import registry

PREFIX = "foursplit.look."


def record_accesses(group: str, test: str, models: Iterable[str]) -> None:
    """Remember that `test` (its sha256) was opened for models (sha256 of their weights)."""
    client = store.client()
    tags = _tags(client, group)
    for model in models:
        name = PREFIX + artifacts.fingerprint([test, model])[:32]
        if name not in tags:
            store.retry(client.set_registered_model_tag, group, name, f"{test} {model}")


def accessed_models(group: str, test: str) -> set[str]:
    """Give the models that `test` was opened for."""
    looks = [
        text.split()
        for name, text in _tags(store.client(), group).items()
        if name.startswith(PREFIX)
    ]
    return {look[1] for look in looks if len(look) == 2 and look[0] == test}


def _tags(client: Any, group: str) -> dict[str, str]:
    if not registry.has_versions(client, group):
        return {}
    return dict(client.get_registered_model(group).tags)

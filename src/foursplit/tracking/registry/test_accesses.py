"""Accesses of test in the registry: a folder's own count ends with the folder.

An access is a distinct pair of a test and a model.  Each is a tag of the group's registered model,
so that a repeated access is not counted, and two concurrent ones are both recorded.
"""

from collections.abc import Iterable
from typing import Any

from foursplit.io import artifacts
from foursplit.tracking import store
from foursplit.tracking.registry import registry

PREFIX = "foursplit.test_access."


def record_accesses(group: str, test: str, models: Iterable[str]) -> None:
    """Record that `test` (its sha256) was opened for models (sha256 of their weights)."""
    client = store.client()
    tags = _tags(client, group)
    for model in models:
        name = PREFIX + artifacts.fingerprint([test, model])[:32]
        if name not in tags:
            store.retry(client.set_registered_model_tag, group, name, f"{test} {model}")


def accessed_models(group: str, test: str) -> set[str]:
    """Return the models for which `test` was opened."""
    accesses = [
        text.split()
        for name, text in _tags(store.client(), group).items()
        if name.startswith(PREFIX)
    ]
    return {access[1] for access in accesses if len(access) == 2 and access[0] == test}


def _tags(client: Any, group: str) -> dict[str, str]:
    if not registry.has_versions(client, group):
        return {}
    return dict(client.get_registered_model(group).tags)

"""The store is opened by many at once, and each finds what the other made."""

from foursplit.tracking import store


class Late:
    """A client for which an experiment is not there until it is looked for again."""

    def __init__(self, client):
        self.client = client
        self.looked = False

    def get_experiment_by_name(self, name):
        found = self.client.get_experiment_by_name(name) if self.looked else None
        self.looked = True
        return found

    def __getattr__(self, name):
        return getattr(self.client, name)


def test_an_experiment_that_another_process_created_meanwhile_is_taken(world):
    client = store.client()
    first = store.experiment(client, "improving/wines", "note")
    assert store.experiment(Late(client), "improving/wines", "note") == first


def test_a_deleted_experiment_is_restored(world):
    client = store.client()
    made = store.experiment(client, "improving/wines", "note")
    client.delete_experiment(made)
    assert store.experiment(client, "improving/wines", "other note") == made
    found = client.get_experiment(made)
    assert (found.lifecycle_stage, found.tags[store.NOTE]) == ("active", "other note")

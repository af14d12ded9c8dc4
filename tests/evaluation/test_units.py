"""Tables whose rows are tokens or pairs, from the network's answers to intervals over groups."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.promotion import winner

from foursplit import plugins
from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.core.splits import SPLITS
from foursplit.data import load_splits, store, texts
from foursplit.diagnosis.prediction_table import validate
from foursplit.evaluation import experiment_tables, units
from foursplit.evaluation.metrics import tag, verify
from foursplit.io import artifacts
from foursplit.reporting.tables.worst_examples import worst_examples
from foursplit.stages import evaluate, final, members, select, train

TAG_SPEC = DataSpec(
    inputs=(), tokenizer="words", max_lengths={"x": 4, "tags": 4},
    vocabularies={
        "x": (*texts.SPECIAL, "a", "b"), "tags": (*texts.SPECIAL, "O", "B-name", "I-name"),
    },
)  # fmt: skip


def tagged(sentences, groups=None):
    """Return examples of (words, tags)."""
    names = [f"s{number}" for number in range(len(sentences))]
    rows = {"example_id": names, "group_id": groups or names, "content": names, "domain": "all"}
    words, tags = zip(*sentences, strict=True)
    return Examples(
        x=texts.from_texts(words),
        metadata=pd.DataFrame(rows),
        further={"tags": texts.from_texts(tags)},
    )


def logits_of(answers, longest):
    """Return logits that choose these tags, with nonsense behind each text's end."""
    names = TAG_SPEC.vocabularies["tags"]
    logits = np.random.default_rng(0).normal(size=(len(answers), longest, len(names)))
    for number, answer in enumerate(answers):
        for step, name in enumerate(answer.split()):
            logits[number, step, names.index(name)] += 20.0
    return logits


def test_a_tagged_text_has_a_row_for_each_token_by_hand():
    examples = tagged([("a b a", "O B-name I-name"), ("b", "O")], groups=["g", "h"])
    answers = tag.postprocess(logits_of(["O B-name O", "B-name"], 4), TAG_SPEC)
    table = experiment_tables.build_table(examples, answers, "dev", "tag", TAG_SPEC)
    assert table["example_id"].tolist() == ["s0#0", "s0#1", "s0#2", "s1#0"]
    assert table["unit_of"].tolist() == ["s0", "s0", "s0", "s1"]
    assert table["group_id"].tolist() == ["g", "g", "g", "h"]
    assert table["loss"].tolist() == [0, 0, 1, 1]
    assert table["baseline_loss"].tolist() == [0, 1, 1, 0]
    # One true name of two tokens; found as one of one token, which is not more than half of it,
    # and another where there is none.
    assert table["stat.true_events"].tolist() == [0, 1, 0, 0]
    assert table["stat.predicted_events"].tolist() == [0, 1, 0, 1]
    assert table["stat.right_events"].sum() == 0
    checked = validate(table, "dev")
    assert checked.error == 0.5
    assert checked.groups.tolist() == [0, 0, 0, 1]
    assert not table["content_hash"].duplicated().any()


def test_a_tag_that_train_lacks_is_an_error_of_its_own_name():
    examples = tagged([("a", "B-place")])
    answers = tag.postprocess(logits_of(["O"], 1), TAG_SPEC)
    table = experiment_tables.build_table(examples, answers, "dev", "tag", TAG_SPEC)
    assert table[["y", "y_hat", "loss"]].to_numpy().tolist() == [["B-place", "O", 1.0]]


def test_fewer_answers_than_tags_are_refused_by_example():
    examples = tagged([("a", "O"), ("a b", "O O O O O")])
    answers = tag.postprocess(logits_of(["O", "O O"], 2), TAG_SPEC)
    with pytest.raises(FoursplitError, match="'s1' has 5 tags, and 2"):
        experiment_tables.build_table(examples, answers, "dev", "tag", TAG_SPEC)


def labelled(y, groups=None):
    names = [f"e{number}" for number in range(len(y))]
    content = [f"{hash_:08x}" for hash_ in np.random.default_rng(5).permutation(len(y))]
    rows = {"example_id": names, "group_id": groups or names, "content": content, "domain": "all"}
    return Examples(
        x=np.zeros((len(y), 1), np.float32), metadata=pd.DataFrame({**rows, "y": y, "meta.n": 1})
    )


LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)


@settings(max_examples=80, deadline=None)
@given(LABELS, st.integers(0, 3))
def test_pairs_are_half_same_half_different_and_share_no_example(y, seed):
    rng = np.random.default_rng(seed)
    content = np.array([f"{number:04d}" for number in rng.permutation(len(y))])
    pairs = verify.pairs_of(y, content)
    same = y[pairs[:, 0]] == y[pairs[:, 1]]
    assert same.sum() * 2 == len(pairs)
    assert len(np.unique(pairs)) == pairs.size
    # The order in which examples come says nothing.
    order = rng.permutation(len(y))
    moved = verify.pairs_of(y[order], content[order])
    assert {*map(tuple, content[pairs])} == {*map(tuple, content[order][moved])}


def test_most_examples_of_balanced_classes_are_in_a_pair():
    y = np.repeat(np.arange(20), 12)
    assert verify.pairs_of(y, np.arange(len(y)).astype(str)).size > 0.9 * len(y)


def test_pairs_that_share_a_group_are_drawn_together():
    groups = np.array(["a", "b", "b", "c", "d", "e"])
    found = units.joined_groups(groups, np.array([0, 2, 4]), np.array([1, 3, 5]))
    assert found[0] == found[1] != found[2]


def test_a_pair_has_a_row_with_both_examples():
    y = np.array([0, 0, 1, 1, 0, 1])
    encodings = np.array([[0.0], [0.5], [3.0], [9.0], [0.0], [0.2]])
    table = experiment_tables.build_table(
        labelled(y), encodings, "dev", "verify", DataSpec(inputs=(1,))
    )
    for row in table.to_dict("records"):
        a, b = (int(name.removeprefix("e")) for name in row["example_id"].split("|"))
        near = float(abs(encodings[a, 0] - encodings[b, 0])) < 1
        assert row["y"] == ("same" if y[a] == y[b] else "different")
        assert row["y_hat"] == ("same" if near else "different")
        assert row["loss"] == (row["y"] != row["y_hat"])
    assert table["baseline_loss"].mean() == 0.5


def test_too_few_examples_for_a_pair_are_an_error():
    with pytest.raises(FoursplitError, match="no unit"):
        experiment_tables.build_table(
            labelled(np.array([0, 1])), np.zeros((2, 1)), "dev", "verify", DataSpec(inputs=(1,))
        )


SPEC_FILE = """
from foursplit.core.dataset_spec import DatasetSpec, LocalFile
SPEC = DatasetSpec(
    title="t", provenance="drawn", files=(), target="", text="text", tokenizer="words",
    further={"tags": "target"}, row_is_unit="each text is its own", licence="CC0", cite="nobody",
)
"""

NET_FILE = """
from dataclasses import dataclass
from torch import nn

@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    width: int = 12

def build(args, shape):
    n = len(shape.vocabularies["tags"])
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(shape.n_tokens, args.width, padding_idx=0)
            self.near = nn.Conv1d(args.width, args.width, 3, padding=1)
            self.head = nn.Linear(args.width, n)
        def forward(self, x):
            inner = self.near(self.embedding(x.long()).transpose(1, 2)).relu()
            return self.head(inner.transpose(1, 2))
    return Net()
"""

FIRST, LAST, VERBS = (
    ["Ada", "Alan", "Grace"],
    ["Byron", "Turing", "Hopper"],
    ["met", "saw", "called"],
)


def sentences(n, seed):
    """Draw texts in which a first and a last name beside each other are a name."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        words, tags = [], []
        for _ in range(rng.integers(2, 6)):
            if rng.random() < 0.4:
                words += [rng.choice(FIRST), rng.choice(LAST)]
                tags += ["B-name", "I-name"]
            words.append(rng.choice([*VERBS, *FIRST]))
            tags.append("O")
        found.append((" ".join(words), " ".join(tags)))
    return found


@pytest.fixture
def tagging(project, monkeypatch):
    """Give a project with one experiment that tags drawn texts, and its splits."""
    monkeypatch.setenv("FOURSPLIT_ACCELERATOR", "cpu")
    for kind, name, text in (
        ("datasets", "drawn_texts", SPEC_FILE),
        ("models", "tagger", NET_FILE),
    ):
        folder = project / "own_package" / kind
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text)
    params = json.loads(json.dumps(winner.PARAMS))
    params["datasets"] = {"drawn_texts": params["datasets"]["wine"]}
    names = {"dataset": "drawn_texts", "task": "tag"}
    params["groups"] = {"sequence": {"names": {**names, "metric": "error"}}}
    fit = {"seeds": [1, 2], "learning_rate": 0.02, "batch_size": 16, "max_epochs": 6}
    experiment = {**names, "week": "C5 W1", "model": "tagger", "model_args": {}, "group": "names"}
    params["experiments"] = {"sequence": {"names_near": {**experiment, "fit": fit}}}
    (project / "params.yaml").write_text(json.dumps(params))
    paths.root.cache_clear()
    for number, split in enumerate(SPLITS):
        examples = tagged(sentences(160 if split == "train" else 60, number))
        folder = paths.split("drawn_texts") / ("sealed" if split == "test" else "seen")
        folder.mkdir(parents=True, exist_ok=True)
        ids = [f"{split}-{name}" for name in examples.metadata["example_id"]]
        rows = examples.metadata.assign(example_id=ids, group_id=ids, content=ids)
        store.save(folder, split, Examples(x=examples.x, metadata=rows, further=examples.further))
    return project


def test_a_tagger_goes_from_training_to_a_ledger_over_tokens(tagging):
    train.run("names_near")
    assert "NOT BETTER" not in evaluate.run("names_near")
    folder = paths.predictions("names") / "names_near"
    dev = experiment_tables.load(folder / "seed_1", "dev")
    summary = artifacts.read_json(folder / "seed_1" / "summary.json")
    assert summary["splits"]["dev"]["n"] == len(dev) > 60
    assert summary["splits"]["dev"]["n_groups"] == 60
    assert summary["splits"]["dev"]["value"] == pytest.approx(dev["loss"].mean())
    assert summary["baseline"]["dev"]["beaten"]
    found = summary["table_metrics"]["dev"]
    assert found["event_f1"]["lo"] <= found["event_f1"]["value"] <= found["event_f1"]["hi"]
    assert found["perplexity"]["value"] == pytest.approx(np.exp(dev["log_loss"].mean()))
    assert found["perplexity"]["n_groups"] == 60
    diagnosis = artifacts.read_json(paths.diagnosis(folder))
    assert diagnosis["splits"]["dev"]["n_groups"] == 60
    # The choice, the sealed test and the page's worst examples read the same tables.
    members.run()
    select.run("names")
    final.run("names")
    test = experiment_tables.load(paths.final("names") / "seed_1", "test")
    assert test["unit_of"].nunique() == 60
    examples = load_splits.load("drawn_texts", "dev")
    shown = worst_examples(dev, examples, plugins.dataset("drawn_texts").SPEC)
    words = dict(zip(examples.metadata["example_id"], texts.to_texts(examples.x), strict=True))
    assert shown.examples
    for row in shown.examples:
        assert row.inputs == (words[row.example_id.partition("#")[0]],)

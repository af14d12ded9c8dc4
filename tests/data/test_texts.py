"""Texts become token numbers and come back; what train lacks is unknown."""

from hypothesis import given
from hypothesis import strategies as st

from foursplit.data import texts

TEXTS = st.lists(st.text(max_size=20), min_size=1, max_size=6)


@given(TEXTS)
def test_stored_texts_are_the_texts(content):
    assert texts.to_texts(texts.from_texts(content)) == content


@given(TEXTS)
def test_the_characters_of_train_come_back(content):
    stored = texts.from_texts(content)
    tokens = texts.vocabulary(content, "characters")
    ids = texts.to_ids(stored, tokens, "characters")
    back = [texts.from_ids(ids.row(n), tokens, "characters") for n in range(len(ids))]
    assert back == content


def test_words_are_numbered_by_frequency_and_rare_ones_are_unknown():
    tokens = texts.vocabulary(["the cat the dog", "a cat the end"], "words")
    assert tokens == ("<pad>", "<unk>", "<s>", "</s>", "the", "cat")
    ids = texts.to_ids(texts.from_texts(["the bird", ""]), tokens, "words")
    assert [ids.row(n).tolist() for n in range(2)] == [[4, texts.UNKNOWN], []]


def test_a_text_ends_at_its_end_token():
    tokens = (*texts.SPECIAL, "a", "b")
    ids = texts.from_ids
    import numpy as np

    assert ids(np.array([texts.START, 4, 5, texts.END, 4]), tokens, "characters") == "ab"

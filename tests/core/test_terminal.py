"""What comes from elsewhere is shown on a terminal and never obeyed by it."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.terminal import BIDI, line, printable

ANY = st.text(st.characters())  # surrogates and controls too


def obeyed(text, allowed=""):
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    return [c for c in text if c not in allowed and (unicodedata.category(c) in kinds or c in BIDI)]


@given(ANY)
def test_nothing_is_left_that_a_terminal_obeys(text):
    assert not obeyed(printable(text), "\n\t")
    assert not obeyed(line(text))
    line(text).encode("utf-8")


@given(ANY)
def test_what_a_terminal_only_shows_stays_as_it_is(text):
    if not obeyed(text):
        assert printable(text) == line(text) == text


@given(ANY)
def test_an_escape_is_escaped_once(text):
    assert line(line(text)) == line(text)


def test_known_attacks_are_shown():
    assert line("\x1b]0;title\x07") == "\\x1b]0;title\\x07"
    assert line("a\nb\u202ec\x9b2J") == "a\\nb\\u202ec\\x9b2J"
    assert printable("a\nb\r") == "a\nb\\r"
    assert line("naïve 漢 🙂") == "naïve 漢 🙂"

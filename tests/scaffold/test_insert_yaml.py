"""What a person wrote in params.yaml stays byte for byte; new entries are lines between."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from foursplit.core.errors import FoursplitError
from foursplit.scaffold.insert_yaml import insert

PARAMS = (Path(__file__).parent.parent.parent / "params.yaml").read_text()
ENTRY = {"mine": {"dataset": "mine", "split": {"shares": {"train": 0.6, "dev": 0.4}}, "seeds": [1]}}

FILES = {
    "empty braces with a comment": "a:\n  x: 1  # one\n  own: {}  # what is added\nb: 2  # two\n",
    "a block": "a:\n  own:\n    old: {x: 1}   # kept\n\n# of b\nb:\n- 1\n- 2\n",
    "no value": "a:\n  own:  # nothing yet\n  other: 1\n",
    "null": "a:\n  own: null\n  other: 1\n",
    "braces with entries": "a: {own: {old: {x: 1}}, other: [1, 2]}  # short\nb: 1\n",
    "braces over two lines": "a:\n  own: {old: 1,\n        older: 2}\n  other: 1\n",
    "no such key": "b:\n    - 1\n    -   2\na:\n   x: 'q'  # three columns\n",
    "no such section": "b: 1  # end without a line end",
    "a text of lines last": "a:\n  own:\n    old: |\n      line\n      # text\nb: 1\n",
    "a list last": "a:\n  own:\n    old:\n    - 1\n    - {x: 2}  # end\n\n\n# tail\n",
    "line ends of Windows": "a:\r\n  own:\r\n    old: 1  # x\r\nb: 2\r\n",
}


def loaded(text):
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_only_lines_are_inserted_and_the_content_is_the_old_with_the_new(text):
    result = insert(text, "a.own", ENTRY)
    expected = loaded(text)
    own = expected.setdefault("a", {}).get("own") or {}
    expected["a"]["own"] = {**own, **ENTRY}
    assert loaded(result) == expected
    rest = iter(result.replace("{}", "").replace("null", ""))
    kept = text.replace("{}", "").replace("null", "")
    assert all(character in rest for character in kept if not character.isspace())
    for comment in (line.partition("#")[2] for line in text.splitlines() if "#" in line):
        assert comment.rstrip() in result


def test_the_projects_file_keeps_every_line_whatever_is_added():
    text = PARAMS
    for number, path in enumerate(("datasets", "groups.own", "experiments.own", "curves.new")):
        text = insert(text, path, {f"mine_{number}": ENTRY["mine"]})
    new = iter(text.split("\n"))
    for line in PARAMS.split("\n"):
        kept = line.replace(" {}", "")
        assert any(kept == other.replace(" {}", "") for other in new), line


def test_a_place_that_is_no_mapping_is_an_error_that_names_it():
    with pytest.raises(FoursplitError, match=r"a\.own"):
        insert("a:\n  own: 3\n", "a.own", ENTRY)

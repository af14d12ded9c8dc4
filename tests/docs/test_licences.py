"""docs/decisions.md names each pinned package that is copyleft, and none that is worse."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]

COPYLEFT = re.compile(r"GPL|MPL|Mozilla|EPL|EUPL|CDDL|GNU", re.IGNORECASE)
REFUSED = re.compile(r"AGPL|Affero|SSPL|BUSL|Business Source", re.IGNORECASE)


def licences():
    """Give what the metadata of each pinned package says, as far as it is installed."""
    found = {}
    for lock in ROOT.glob("requirements*.lock"):
        for name in re.findall(r"^([\w.-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE):
            try:
                told = metadata(name)
            except PackageNotFoundError:  # a team's, perhaps
                continue
            texts = [*(told.get_all("License-Expression") or [])]
            texts += [text[:80] for text in told.get_all("License") or []]
            texts += [c for c in told.get_all("Classifier") or [] if c.startswith("License")]
            found[name] = " ".join(texts)
    return found


def test_copyleft_is_named_and_what_is_worse_is_not_there():
    page = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    known = licences()
    assert len(known) > 150
    copyleft = {name for name, text in known.items() if COPYLEFT.search(text)}
    assert {"grandalf", "pygit2"} <= copyleft
    assert not {name for name in copyleft if not re.search(rf"^\| {name}\b", page, re.MULTILINE)}
    assert not {name for name, text in known.items() if REFUSED.search(text)}

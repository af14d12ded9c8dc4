"""The project's texts use the words of docs/glossary.md, and none of those that it bans."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
TEXTS = ("*.py", "*.md", "*.html", "*.js", "*.txt", "*.yaml", "*.yml", "Makefile")
# Titles of other people's data sets; and tests, which say what happens in their own words.
NOT_OURS = re.compile(r"^(docs/glossary\.md|tests/.*|src/.*/catalogue\.yaml)$")


def banned() -> dict[str, str]:
    """Return each banned word or phrase, with what to write instead."""
    table = GLOSSARY.read_text(encoding="utf-8").partition("## Words that we do not use")[2]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, flags=re.MULTILINE)
    return dict(rows)


def files() -> list[Path]:
    """Return the texts that git tracks."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *TEXTS]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.splitlines() if not NOT_OURS.match(name)]
    return [path for path in paths if path.is_file()]


def test_the_glossary_bans_words_and_says_what_to_write_instead():
    words = banned()
    assert {"beyond doubt", "told", "anew"} <= set(words)
    assert all(instead.strip() for instead in words.values())


def test_no_text_uses_a_banned_word():
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in banned()), re.IGNORECASE)
    uses = [
        f"{path.relative_to(ROOT)}:{number}: {found.group()!r}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if (found := pattern.search(line))
    ]
    assert uses == []

"""Every code that the engine writes has an entry, and the page of the docs is made of them."""

import re
from pathlib import Path

from docs import findings_page
from foursplit.diagnosis.codes import CODES

ROOT = Path(__file__).resolve().parents[2]


def test_each_code_in_the_sources_is_explained_and_no_other():
    sources = (ROOT / "src" / "foursplit").rglob("*.py")
    written = {
        code
        for path in sources
        if path.name != "codes.py"
        for code in re.findall(r'"(ST\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert written == {*CODES}


def test_the_page_has_an_anchor_for_each_code():
    headings = re.findall(r"^## (\S+)$", findings_page.page(), flags=re.M)
    assert headings == sorted(CODES)

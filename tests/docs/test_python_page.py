"""What docs/python.md shows runs as it stands, and shows what it says."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_the_pages_code_runs_from_top_to_bottom():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    space = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), space)
    result, down = space["result"], space["down"]
    assert result.report["verdict"]["primary"] == ["mismatch"]
    assert result.next_steps["action"].str.contains("night").any()
    assert result.slices["slice"].tolist() == ["light = night"]
    assert (down.w[-1], down.b[-1]) == pytest.approx((200, 100), abs=0.02)

"""Notebooks from pages of the docs: text becomes Markdown cells, Python blocks become code cells.

A block marked `python pipeline` needs the pipeline's outputs and stays text, so that each code cell
runs on a fresh clone. Source of the format: Jupyter, nbformat 4.5.
"""

import hashlib
import json
import re
from typing import Any

BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|/)([^)]+)\)")
COMMENT = re.compile(r"^<!-- (begin|end) \w+ -->\n", re.MULTILINE)


def notebook(page: str) -> str:
    """Return the notebook of a page below docs/, as JSON text; links lead one folder up."""
    cells, end = [], 0
    for block in BLOCK.finditer(page):
        cells += [_markdown(page[end : block.start()]), _code(block[1])]
        end = block.end()
    cells.append(_markdown(page[end:]))
    content = {
        "cells": [
            {"id": _name(number, cell), **cell}
            for number, cell in enumerate(cell for cell in cells if cell["source"])
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _markdown(text: str) -> dict[str, Any]:
    text = LINK.sub(r"](../\1)", COMMENT.sub("", text)).strip()
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": text.rstrip().splitlines(keepends=True),
    }


def _name(number: int, cell: dict[str, Any]) -> str:
    """Return an id that is the same each time."""
    text = f"{number} {''.join(cell['source'])}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]

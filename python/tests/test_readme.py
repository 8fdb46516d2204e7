"""The list of what goes wrong names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_list_names_is_there() -> None:
    text = (ROOT / "python" / "README.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and "test" in line and "what goes wrong" not in line]
    assert len(rows) > 15
    for row in rows:
        files = re.findall(r"`(test_\w+\.py|[\w/]+\.test\.ts)`", row)
        assert files, row
        code = "".join((ROOT / ("python/tests" if file.endswith(".py") else "") / file).read_text() for file in files)
        for name in re.findall(r"`(test_\w+)`", row):
            assert f"def {name}(" in code, name
        for words in re.findall(r'"([^"]+)"(?! compares)', row.split("|")[2]):
            assert words in code, words

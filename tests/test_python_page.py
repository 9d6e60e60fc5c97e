"""Every Python block of docs/python.md runs, in the order of the page."""

import re
from pathlib import Path

from recsys.tuning.engine_catalogue import unregister_engine

PAGE = Path(__file__).parent.parent / "docs" / "python.md"


def test_the_blocks_of_the_page_run(capsys):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) >= 8
    names: dict[str, object] = {}
    try:
        for number, block in enumerate(blocks):
            exec(compile(block, f"python.md, block {number}", "exec"), names)
    finally:
        unregister_engine("next")
    out = capsys.readouterr().out
    assert "1 " in out and "row 0, column item_id: is missing" in out and "no histories" in out

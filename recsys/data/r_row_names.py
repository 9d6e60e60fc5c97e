"""Row names: the first column of tables written by R, which their header does not name.

`write.table` writes a name or a number before each row, and a header that is one name shorter.
A title with a comma that is not quoted makes rows longer too: such a table is not taken for one
with row names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_RULE = re.compile(r"[ :]*-{3,}[ :-]*")


def have_row_names(
    header: Sequence[str], rows: Sequence[Sequence[str]], quoted: bool, texts: bool
) -> bool:
    """Return whether each of the first rows has a name before the cells that the header names.

    All have one cell more than the header, and the first ones are distinct. `quoted`: the first
    cell of each line is in quotes, as R writes names. Names without quotes have to count the rows,
    from 0 or 1. `texts`: the table has titles or texts; then they are no proof, since the further
    cell may be part of one.
    """
    rows = [row for row in rows if any(map(str.strip, row))]
    if not rows or any(len(row) != len(header) + 1 for row in rows):
        return False
    names = [row[0].strip() for row in rows]
    if "" in names or len(set(names)) != len(names) or not any(row[-1].strip() for row in rows):
        return False
    if quoted or texts:
        return quoted
    start = names[0]
    if start not in ("0", "1") or names != [str(int(start) + n) for n in range(len(names))]:
        return False
    return True


def is_rule(row: Sequence[str]) -> bool:
    """Return whether a row only rules a table off, as the second line of Markdown and psql."""
    return any(row) and all(not cell.strip() or _RULE.fullmatch(cell) for cell in row)

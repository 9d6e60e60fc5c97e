"""Detection of the columns of flags in files of events without a column for the kind.

Logs of click models have a row per item shown and columns such as `is_click` and `is_like`. Such a
column is read if its name is that of a kind of event, each of its first values is a flag (0 or 1,
true or false), and at least one flag of the file is set there. A column of opinions
(`recsys.data.reaction_columns`) has priority.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recsys.data.event_flags import flag_column, flag_value
from recsys.data.header_naming import Naming, Shape
from recsys.data.id_normalization import is_null
from recsys.data.reaction_columns import opinion_column

KIND = "event"


def with_flag_columns(
    naming: Naming, shape: Shape, given: Mapping[str, str], columns: Mapping[str, Sequence[object]]
) -> Naming:
    """Return the naming of a file, its columns of flags read as `event:<kind>`.

    `given`: what --map says; `columns`: name -> first values. The naming is returned unchanged if
    the file has a column for the kind or the value of events, or is not one of events.
    """
    if KIND not in shape.columns or {KIND, "value"} & {*naming.columns, *given}:
        return naming
    for name in naming.unused:
        column = opinion_column(name, columns.get(name, ()))
        if column:
            return naming.reading_as({name: column})
    found: dict[str, str] = {}
    is_set = False
    for name in naming.unused:
        column, values = flag_column(name), columns.get(name, ())
        flags = [flag_value(one) for one in values if not is_null(one)]
        if column and column not in found.values() and flags and None not in flags:
            found[name] = column
            is_set = is_set or any(flags)
    if not found or not is_set:
        return naming
    return naming.reading_as(found)

"""Records of a Parquet file, with nested columns read as JSON objects are."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from recsys.data.file_opening import MAX_WHOLE
from recsys.data.flag_column_detection import with_flag_columns
from recsys.data.header_naming import Naming, Shape, named
from recsys.data.item_lists import with_item_list_column
from recsys.data.json_records import FIRST, JsonObjects
from recsys.data.parquet_values import is_struct, values_of_column
from recsys.data.reading_report import Reading, Rows
from recsys.data.time_column_detection import with_time_column
from recsys.errors import DataError


def _with_columns_by_value(file: Any, naming: Naming, shape: Shape, reading: Reading) -> Naming:
    """Return the naming of a Parquet file, columns of times and flags found by its first rows."""
    columns = {}
    if file.metadata.num_rows:
        batch = next(file.iter_batches(batch_size=FIRST))
        columns = {
            name: values_of_column(batch.column(place))
            for place, (name, target) in enumerate(zip(naming.names, naming.targets, strict=True))
            if name in naming.unused or target == "value"
        }
        if shape.kind == "events" and "value" in naming.columns:
            reading.ratings.begin(columns[naming.names[naming.targets.index("value")]])
    naming = with_time_column(naming, shape, reading.options.names, columns)
    naming = with_item_list_column(naming, shape, reading.options.names, columns)
    return with_flag_columns(naming, shape, reading.options.names, columns)


def parquet_records(stream: IO[bytes], path: Path, shape: Shape, reading: Reading) -> Rows:
    """Yield (row, record), rows from 1; DataError without the required columns."""
    import pyarrow  # here, because it costs some 60 MB that the API has no use for
    import pyarrow.parquet

    source: Any = stream
    if path.suffix.lower() == ".gz":
        source = io.BytesIO(stream.read(MAX_WHOLE))
        if source.getbuffer().nbytes >= MAX_WHOLE:
            raise DataError(f"{path}: has more than {MAX_WHOLE:,} bytes: unpack it first")
    try:
        file = pyarrow.parquet.ParquetFile(source)
        names = file.schema_arrow.names
        if any(map(is_struct, file.schema_arrow.types)):
            yield from _structs(file, names, JsonObjects(shape, reading))
            return
        naming = _with_columns_by_value(
            file, named(names, shape, reading.options.names), shape, reading
        )
        missing = [name for name in shape.required if name not in naming.columns]
        if missing:
            raise DataError(
                f"there is no column {' and '.join(missing)}; there are {', '.join(names)}"
            )
        reading.add(naming)
        used = [place for place, name in enumerate(naming.targets) if name]
        targets = [naming.targets[place] for place in used]
        row = 0
        for batch in file.iter_batches(batch_size=20_000):
            columns = [values_of_column(batch.column(place)) for place in used]
            for values in zip(*columns, strict=True):
                row += 1
                yield row, dict(zip(targets, values, strict=True))
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: is not a Parquet file ({error})") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _structs(file: Any, names: Sequence[str], objects: JsonObjects) -> Rows:
    """Yield the rows of a Parquet file with nested columns, read as JSON objects are."""
    row = 0
    for batch in file.iter_batches(batch_size=20_000):
        columns = [values_of_column(batch.column(place)) for place in range(len(names))]
        for values in zip(*columns, strict=True):
            row += 1
            for record in objects.records(dict(zip(names, values, strict=True))):
                yield row, record

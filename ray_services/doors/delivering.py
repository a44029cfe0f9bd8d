"""Stored rows as a response: a Parquet file as it lies, or made into other formats in pieces."""

from collections.abc import Iterator
from typing import IO, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from pydantic import BaseModel, Field

from ray_services.common.rows import BATCH, FORMATS, csv_of, lines_of


class RowsQuery(BaseModel):
    """Which rows, and how."""

    format: Literal["ndjson", "csv", "parquet"] = "ndjson"
    offset: int = Field(0, ge=0, lt=2**62, description="Rows to skip; not with parquet.")
    limit: int | None = Field(None, ge=1, lt=2**62, description="Rows at most; not with parquet.")


def delivered(file: IO[bytes], name: str, query: RowsQuery) -> HttpResponseBase:
    """The response; it closes the file."""
    called, kind = f"{name}.{query.format}", FORMATS[query.format]
    if query.format == "parquet":
        return FileResponse(file, as_attachment=True, filename=called, content_type=kind)
    pieces = _pieces(file, query.offset, query.limit)
    worded = (
        csv_of(pieces)
        if query.format == "csv"
        else (line for one in pieces for line in lines_of(one))
    )
    response = StreamingHttpResponse(worded, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{called}"'
    return response


def _pieces(file: IO[bytes], offset: int, limit: int | None) -> Iterator[pa.Table]:
    """The rows from `offset` on; at least one piece, though it be empty."""
    with file:
        source = pq.ParquetFile(file)
        left = source.metadata.num_rows if limit is None else limit
        yield source.schema_arrow.empty_table()
        for batch in source.iter_batches(BATCH):
            kept = batch.slice(min(offset, batch.num_rows), left)
            offset = max(0, offset - batch.num_rows)
            left -= kept.num_rows
            if kept.num_rows:
                yield pa.Table.from_batches([kept])
            if left <= 0:
                return

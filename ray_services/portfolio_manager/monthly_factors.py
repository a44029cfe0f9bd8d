"""The returns of five factors and the risk-free rate, month by month, of a file.

Fama and French, "A Five-Factor Asset Pricing Model", 2015, whose names they have.
"""

from pathlib import Path

import numpy as np

from ray_services.common.errors import BadInput
from ray_services.common.tables import Kind, Table, read_table

FACTORS = ("mkt_rf", "smb", "hml", "rmw", "cma")
COLUMNS: dict[str, Kind] = {"date": "date", **dict.fromkeys((*FACTORS, "rf"), "number")}
MOST = 1.0
"""Of a month's return as a fraction: what is above it was given in per cent."""


def read_factors(source: Path | bytes, name: str = "the file of factors") -> Table:
    """`date` (any day of the month), FACTORS and `rf`, as fractions, of a CSV or Parquet file.
    Raises BadInput."""
    table = read_table(source, COLUMNS, name)
    months = table["date"].astype("datetime64[M]")
    if len(np.unique(months)) < len(months):
        raise BadInput("expected one row for each month.", field="date", remedy="Drop the others.")
    for column in (*FACTORS, "rf"):
        large = np.abs(table[column]) > MOST
        if large.any():
            row = int(np.argmax(large))
            raise BadInput(
                f"expected a fraction, got {table[column][row]:g}.",
                field=column,
                row=row + 1,
                remedy="Divide per cent by 100.",
            )
    return table

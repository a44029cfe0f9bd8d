"""What real workers run tasks on."""

import pytest

SEQUENTIAL = ("--executor", "sequential")
RAY = ("--executor", "ray", "--address", "local")
DASK = ("--executor", "dask", "--address", "local")

# On each database `make test` puts one of them to the test, and `make test-faults` all.
_EACH = [
    pytest.param(SEQUENTIAL, id="sequential", marks=pytest.mark.sqlite_first),
    pytest.param(RAY, id="ray", marks=[pytest.mark.ray, pytest.mark.postgresql_first]),
    pytest.param(DASK, id="dask", marks=pytest.mark.long),
]
each_executor = pytest.mark.parametrize("arguments", _EACH)
# The same without Dask, for what is made of chunks that know nothing of what runs them.
with_and_without_ray = pytest.mark.parametrize("arguments", _EACH[:2])

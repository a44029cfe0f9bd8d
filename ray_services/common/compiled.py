"""The one way in which inner loops are compiled.

Kept on disk, so that only the first process of a machine compiles; without the interpreter's lock;
and without reordering of sums, so that every process computes the same bits.
"""

from numba import njit

compiled = njit(cache=True, nogil=True, fastmath=False)
"""Decorator of a kernel over numpy arrays and numbers."""

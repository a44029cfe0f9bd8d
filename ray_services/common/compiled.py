"""The one way in which inner loops are compiled.

Kept on disk, so that only the first process of a machine compiles; without the interpreter's lock;
without reordering of sums, so that every process computes the same bits; and dividing as IEEE 754
says, for checking each divisor, as Python does, would keep loops from being vectorised.
"""

from numba import njit

compiled = njit(cache=True, nogil=True, fastmath=False, error_model="numpy")
"""Decorator of a kernel over numpy arrays and numbers."""

"""How the inner loops here are compiled: as in all services, and dividing as IEEE 754 says.

Checking each divisor, as Python does, would keep loops from being vectorised.
"""

from numba import njit

kernel = njit(cache=True, nogil=True, fastmath=False, error_model="numpy")
"""Decorator of a function over numpy arrays and numbers."""

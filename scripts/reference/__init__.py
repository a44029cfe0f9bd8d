"""Pages of the reference that the code writes: `python -m scripts.reference` (`make reference`).

Each module here makes one of them. What teaches is written by hand on the pages beside them; these
are complete instead. A test tells when one is stale.
"""

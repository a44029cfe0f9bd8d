"""The services' own data sets: made by a seeded script, of the schemas that real files have."""

from pathlib import Path

FOLDER = Path(__file__).parent / "files"


def path(name: str) -> Path:
    """Where a data set is; all are made, in some seconds, when the first is asked for."""
    from ray_services.data.make_data import FILES, make_all  # a program of its own

    if name not in FILES:
        raise KeyError(f"No data set {name!r}; there are {', '.join(FILES)}.")
    found = FOLDER / name
    if not found.exists():
        make_all(FOLDER)
    return found

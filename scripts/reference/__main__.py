"""Write the pages that the code makes; see `make reference`."""

import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"


def pages() -> dict[Path, str]:
    """What each of them should say. Django must be set up."""
    from scripts.reference import commands, operations, signatures, states

    return {
        FOLDER / "all-commands.md": commands.render(),
        FOLDER / "all-operations.md": operations.render(),
        FOLDER / "states.md": states.render(),
        FOLDER / "states.svg": states.draw(),
        FOLDER / "api" / "all-names.md": signatures.render(),
    }


def main() -> int:
    """Write all of them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    for path, text in pages().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

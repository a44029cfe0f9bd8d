"""Whether the service of this machine answers, for a container's health check: exit code 0 or 1."""

import os
import sys
import urllib.error
import urllib.request

from ray_services.alone.names import PORTS


def main() -> int:
    """0 where GET /healthz answers."""
    port = os.environ.get("SERVICE_PORT") or PORTS[os.environ["SERVICE_NAME"]]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:  # nosec
            return 0 if answer.status == 200 else 1
    except (OSError, urllib.error.URLError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())

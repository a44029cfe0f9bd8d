"""Exits with 0 where an address of this machine answers: python -m project.healthcheck [ADDRESS]

For containers, which have neither curl nor wget. Without an address the web part is asked.
"""

import sys
import urllib.error
import urllib.request

WEB = "http://127.0.0.1:8000/healthz"


def main(address: str = WEB) -> int:
    if not address.startswith("http://127.0.0.1:"):
        sys.stderr.write(f"Expected an address such as {WEB}, got {address}\n")
        return 2
    try:
        urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  # nosec  # http, as said above
    except (OSError, urllib.error.URLError) as error:
        sys.stderr.write(f"Expected an answer from {address}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

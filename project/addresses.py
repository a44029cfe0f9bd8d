"""Where a request came from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's address, or None when there is none (a Unix socket) or it is garbled.

    Each proxy appends who called it to X-Forwarded-For, so with n proxies of ours only the
    n-th from the end can be believed: everything before it is what the client wrote.
    """
    proxies: int = settings.TRUSTED_PROXIES
    found = request.META.get("REMOTE_ADDR", "")
    if proxies:
        seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        found = seen[-min(proxies, len(seen))].strip()
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return None


def neighbourhood(address: str | None) -> str:
    """What counts as one caller: an IPv4 address, or an IPv6 network of one customer (/64)."""
    if address is None:
        return "unknown"
    if ipaddress.ip_address(address).version == 4:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)

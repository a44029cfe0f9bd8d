"""What must be there before pages are served."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SHORTEST_KEY = 32
LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "testserver"}


def demand_secret_key() -> None:
    """Raise ImproperlyConfigured when sessions could not be signed, or others see the site while
    it tells its secrets.

    Commands do without a key; a web process asks for it before its first request.
    """
    try:
        key = settings.SECRET_KEY  # Django refuses an empty one when it is read
    except ImproperlyConfigured:
        raise ImproperlyConfigured(
            "Pages need a SECRET_KEY in the environment: 50 random characters, the same for all "
            "web processes and kept secret. Make one with `python -c 'import secrets; "
            "print(secrets.token_urlsafe(50))'`, or set DEBUG=true on a machine of your own."
        ) from None
    if not _is_seen_by_others():
        return
    if settings.DEBUG:
        raise ImproperlyConfigured(
            "DEBUG=true shows settings and source to whoever meets an error, and others reach this "
            "site (HTTPS, TRUSTED_PROXIES or ALLOWED_HOSTS say so). Leave DEBUG out, or those."
        )
    if len(key) < SHORTEST_KEY or "insecure" in key:
        raise ImproperlyConfigured(
            f"SECRET_KEY has {len(key)} characters or says that it is insecure, and others reach "
            f"this site: links could be forged. Take at least {SHORTEST_KEY} random characters."
        )


def _is_seen_by_others() -> bool:
    """Whether the settings are those of a site for others than this machine's own people."""
    behind = settings.SESSION_COOKIE_SECURE or settings.TRUSTED_PROXIES
    return bool(behind) or not set(settings.ALLOWED_HOSTS) <= LOOPBACK

"""The prices in force: those of the lotteries, and what the setting overrides."""

from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from generation.lotteries import LOTTERIES

SETTING = "GENERATION_TICKET_PRICES"


def current_prices() -> dict[str, Decimal]:
    """Prices of a single bet by the lottery's key, where the setting gives one."""
    found = {}
    for key, given in getattr(settings, SETTING, {}).items():
        if key not in LOTTERIES:
            raise ImproperlyConfigured(
                f"{SETTING} names {key!r}; known lotteries: {', '.join(sorted(LOTTERIES))}"
            )
        try:
            price = Decimal(str(given))
        except InvalidOperation:
            price = Decimal(0)
        if not price.is_finite() or price <= 0:
            raise ImproperlyConfigured(
                f"{SETTING}[{key!r}] must be an amount above 0 such as 6.00, got {given!r}"
            )
        found[key] = price
    return found

"""manage.py revoke_api_token: end a token at once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.readiness import demand_database
from project.models import HINT_LENGTH, ApiToken


class Command(BaseCommand):
    help = "Revoke the token that begins with PREFIX. It is refused from then on."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", metavar="PREFIX", help="its first characters, or all of it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demand_database()
        except Unusable as error:
            raise CommandError(str(error)) from None
        # More of it is not known here, and must not be repeated in a message.
        prefix = options["prefix"][:HINT_LENGTH]
        living = ApiToken.objects.filter(hint__startswith=prefix, revoked_at__isnull=True)
        found = [token for token in living if token.hint.startswith(prefix)]
        if len(found) != 1:
            names = ", ".join(str(token) for token in found[:10]) or "none"
            raise CommandError(
                f"Expected one token that begins with {prefix!r} and is not revoked, "
                f"found {len(found)}: {names}."
            )
        ApiToken.objects.filter(pk=found[0].pk).revoke()
        self.stdout.write(f"Revoked {found[0]} of {found[0].user}.")

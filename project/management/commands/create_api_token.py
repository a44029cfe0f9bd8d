"""manage.py create_api_token: a token for programs that call the API."""

import argparse
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from django_ray_runtime.exceptions import Unusable
from django_ray_runtime.readiness import demand_database
from project.models import ApiToken

LONGEST_DAYS = 36500


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(
            f"expected a whole number of days from 1 to {LONGEST_DAYS}, got {text!r}"
        )
    return int(text)


class Command(BaseCommand):
    help = "Make a token that acts as a user in the API, and print it, which happens only once."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USERNAME", help="whom it stands for")
        parser.add_argument("--name", required=True, help="what it is for, to tell it from others")
        parser.add_argument(
            "--expires-days", type=_days, metavar="N", help="days until it ends (never)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demand_database()
        except Unusable as error:
            raise CommandError(str(error)) from None
        name = options["name"].strip()
        longest = ApiToken._meta.get_field("name").max_length or 0
        if not 1 <= len(name) <= longest:
            raise CommandError(f"--name must have 1 to {longest} characters, got {len(name)}.")
        users = get_user_model()
        user = users._default_manager.filter(**{users.USERNAME_FIELD: options["username"]}).first()
        if user is None:
            raise CommandError(
                f"There is no user {options['username']!r}. Make one with `manage.py "
                "createsuperuser`, or in admin."
            )
        if not user.is_active:
            raise CommandError(
                f"The user {options['username']!r} is not active: the token would be refused."
            )
        days = options["expires_days"]
        expires_at = timezone.now() + timedelta(days=days) if days else None
        _, text = ApiToken.objects.issue(user=user, name=name, expires_at=expires_at)
        self.stderr.write("Copy the token now, it is not shown again:")
        self.stdout.write(text)

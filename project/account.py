"""The caller's own account."""

from django.http import HttpRequest
from ninja import Field, Router, Schema

from project.models import ApiToken

router = Router()


class Account(Schema):
    username: str
    is_staff: bool
    token: str | None = Field(description="First characters of the token used, if one was.")


@router.get("/whoami", response=Account)
def whoami(request: HttpRequest) -> Account:
    """Whom the credentials of this request stand for: a way to try a token."""
    token = getattr(request, "auth", None)
    return Account(
        username=request.user.get_username(),
        is_staff=request.user.is_staff,
        token=token.hint if isinstance(token, ApiToken) else None,
    )

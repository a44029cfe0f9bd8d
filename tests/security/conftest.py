"""The users and clients of the tests of the web part."""

from tests.web.conftest import ana, api, bearer, staff, staff_user, user

__all__ = ["ana", "api", "bearer", "staff", "staff_user", "user"]

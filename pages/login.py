"""Logging in."""

from django.contrib.auth.views import LoginView


class Login(LoginView):
    """Django's own, in our frame. Whoever guesses passwords has to wait (`project.logins`)."""

    template_name = "pages/login.html"
    redirect_authenticated_user = True

"""Every page's address."""

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from pages import home, jobs, login
from pages.dashboard import urls as dashboard
from pages.games import new, shares
from pages.games import urls as games
from pages.services import urls as services

app_name = "pages"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("now/", home.now, name="now"),
    path("login/", login.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="pages:login"), name="logout"),
    path("language/", set_language, name="set_language"),
    path("games/", jobs.jobs, name="jobs"),
    path("games/new/", new.new_games, name="new_games"),
    path("games/new/check/", new.check, name="check_games"),
    path("games/<uuid:job_id>/", include(games)),
    path("runtime/", include(dashboard)),
    path("services/", include(services)),
    path("shared/<str:token>/", shares.shared, name="shared"),
    path("shared/<str:token>/file/", shares.shared_file, name="shared_file"),
]

"""Settings and addresses of the server that `bench.opt_out` measures: the pages, and beside them a bare view."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from project.settings import *  # noqa: F403

MIDDLEWARE = ["mailer.public.middleware.RecipientPages"]
ROOT_URLCONF = "bench.opt_out_site"


def bare(request: HttpRequest, token: str) -> HttpResponse:
    """The least that Django can do for a POST."""
    return HttpResponse("ok")


urlpatterns = [path("bare/<token>", bare)]

"""Addresses of the installation. Recipients' pages (/u/…) are answered before these are asked."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from mailer.api.urls import urls as api_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/", api_urls),
]
# Without a secret anybody could tell us of bounces and complaints; Anymail would only warn.
if settings.ANYMAIL.get("WEBHOOK_SECRET"):
    urlpatterns.append(path("anymail/", include("anymail.urls")))
if settings.LOCAL:
    urlpatterns.append(path("inbox/", include("project.inbox.urls")))

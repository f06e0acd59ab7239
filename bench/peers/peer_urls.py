"""Where django-newsletter's pages would be: it names them in its messages."""

from django.urls import include, path

urlpatterns = [path("newsletter/", include("newsletter.urls"))]

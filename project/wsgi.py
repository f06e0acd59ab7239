"""The web application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from project import environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
# With gunicorn's own code for an application that can't be loaded it ends; with another it tries for ever.
with environment.stops_in_words(code=4):
    application = get_wsgi_application()

"""The peers' site: what each one's documentation asks for, and nothing that slows it down."""

import json
import logging
import os
from pathlib import Path

FOLDER = Path(os.environ["PEER_FOLDER"])
LETTER = json.loads((FOLDER / "letter.json").read_text(encoding="utf-8"))
# What django-newsletter knows of a recipient is a name; the rest it writes into all messages alike.
FOR_NEWSLETTER = {"first_name": "subscription.name", "address": "subscription.email", "link": "site_url"}

SECRET_KEY = "of a bench, which serves nobody"
USE_TZ = True
SITE_ID = 1
ROOT_URLCONF = "peer_urls"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sites",
    "sorl.thumbnail",
    "post_office",
    "mailer",
    "newsletter",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **{key.upper(): value for key, value in json.loads(os.environ["PEER_DATABASE"]).items()},
    }
}
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["PEER_PORT"])

POST_OFFICE = {"BACKENDS": {"default": EMAIL_BACKEND}}
MAILER_EMAIL_BACKEND = EMAIL_BACKEND
MAILER_LOCK_PATH = str(FOLDER / "send_mail")
NEWSLETTER_THUMBNAIL = "sorl-thumbnail"
NEWSLETTER_USE_HTTPS = True


def _for_newsletter(text: str) -> str:
    for name, known in FOR_NEWSLETTER.items():
        text = text.replace(f"{{{{ {name} }}}}", f"{{{{ {known} }}}}")
    return text


# Read once and kept, as Django does in production.
_LOCAL = {
    f"newsletter/message/message.{kind}": _for_newsletter(LETTER[key])
    for kind, key in (("txt", "text"), ("html", "html"))
}
_LOCAL["newsletter/message/message_subject.txt"] = LETTER["subject"]
_LOADERS = ["django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [("django.template.loaders.locmem.Loader", _LOCAL), *_LOADERS],
                )
            ]
        },
    }
]


class Ending(logging.Handler):
    """A message that could not be sent ends the bench: django-newsletter says so in its log alone."""

    def emit(self, record: logging.LogRecord) -> None:
        print(record.getMessage(), flush=True)
        os._exit(1)


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"ending": {"()": Ending, "level": "ERROR"}},
    "loggers": {
        name: {"handlers": ["ending"], "level": "WARNING"} for name in ("post_office", "mailer", "newsletter")
    },
}

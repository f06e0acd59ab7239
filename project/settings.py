"""Django's settings. An operator's choices come from `project.environment` and from nowhere else."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static

from project import dkim, environment, keys

BASE_DIR = Path(__file__).resolve().parent.parent
chosen = environment.read()

# -- what kind of installation this is ------------------------------------------------------------

# An installation is local until it has a public address: a local one listens on loopback, mails to
# its own inbox, and makes its keys by itself. There is no third kind.
LOCAL = not chosen["PUBLIC_URL"]
DEBUG = chosen["DEBUG"]
DATA_DIR: Path = chosen["DATA_DIR"]
KEY_DIR = DATA_DIR / "keys"
WEB_PORT: int = chosen["WEB_PORT"]
INBOX_PORT: int = chosen["INBOX_PORT"]
INBOX_DIRECTORY = DATA_DIR / "inbox"
UPLOAD_DIR = DATA_DIR / "uploads"
JOURNAL_DIR: Path = chosen["JOURNAL_DIR"] or DATA_DIR / "journal"
WORKERS: int = chosen["WORKERS"]
SENDING_WORKERS: int = chosen["SENDING_WORKERS"] or max(1, WORKERS - 1)
CONNECTIONS: int = chosen["CONNECTIONS"]
SCHEDULE_GRACE: timedelta = chosen["SCHEDULE_GRACE"]
API_REQUESTS_PER_MINUTE: int = chosen["API_REQUESTS_PER_MINUTE"]
WEB_WORKERS: int = chosen["WEB_WORKERS"]

PUBLIC_URL: str = chosen["PUBLIC_URL"] or f"http://127.0.0.1:{WEB_PORT}"
DNS_SERVERS: tuple[tuple[str, int], ...] = chosen["DNS_SERVERS"]
INBOUND_DOMAIN: str = chosen["INBOUND_DOMAIN"]
APPROVAL: str = chosen["APPROVAL"] or ("self_with_reason" if LOCAL else "two_person")
MINIMUM_AGE: int = chosen["MINIMUM_AGE"]
PRIVACY_CONTACT: str = chosen["PRIVACY_CONTACT"]
COMPLAINT_BODIES: tuple[str, ...] = chosen["COMPLAINT_BODIES"]
SENDER_DOMAINS: tuple[str, ...] = chosen["SENDER_DOMAINS"] or ("example.com", "example.org")

SECRET_KEY: str = chosen["SECRET_KEY"] or keys.kept(KEY_DIR, "SECRET_KEY")
ADDRESS_KEY: bytes = chosen["ADDRESS_KEY"] or bytes.fromhex(keys.kept(KEY_DIR, "ADDRESS_KEY"))
LINK_KEYS: dict[int, bytes] = chosen["LINK_KEYS"] or {1: bytes.fromhex(keys.kept(KEY_DIR, "LINK_KEY"))}

# -- Django ----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "anymail",
    "django_prose_editor",
    "mailer.apps.MailerConfig",
    *(["project.inbox"] if LOCAL else []),
]

# Recipients' pages come before sessions, CSRF and every redirect: `mailer.public` answers them whole,
# so that nothing below can set a cookie, ask for a token or send a one-click POST elsewhere (RFC 8058 §3.1).
MIDDLEWARE = [
    "mailer.public.middleware.RecipientPages",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "mailer.api.middleware.ProgramsDoor",  # inside what redirects to HTTPS, outside sessions and cookies
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["project.formats"]
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = []
WHITENOISE_USE_FINDERS = True  # no collectstatic between a clone and its first page, so no STATIC_ROOT
WHITENOISE_AUTOREFRESH = False
# Uploads are people's lists: a room takes them by path, and memory stays flat.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = None

# -- PostgreSQL ------------------------------------------------------------------------------------

# Persistent connections: opening one per request makes an opt-out five times slower (measured).
_database: dict[str, Any] = (
    dict(dj_database_url.parse(chosen["DATABASE_URL"], conn_max_age=600))
    if chosen["DATABASE_URL"]
    else {
        "ENGINE": "project.localpg",
        "NAME": "candor",
        "CONN_MAX_AGE": 600,
        "LOCALPG_ROOT": DATA_DIR / "postgres",
    }
)
_database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}

# -- Celery ----------------------------------------------------------------------------------------

BROKER_URL: str = chosen["BROKER_URL"] or "pgmq://localhost"

# -- mail ------------------------------------------------------------------------------------------

# Django's own mail functions are not a way around the gate: nothing in Candor uses them (a test
# counts the call sites), and what a library might send through them goes nowhere.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_URL: str = chosen["EMAIL_URL"] or (f"smtp://127.0.0.1:{INBOX_PORT}" if LOCAL else "")
ANYMAIL_ESP: str = chosen["ANYMAIL_ESP"]
ANYMAIL: dict[str, Any] = chosen["ANYMAIL"]
# Selector and private key, RSA first; empty if Candor does not sign.
DKIM_KEYS = tuple(
    (chosen[f"DKIM_{kind}_SELECTOR"], chosen[f"DKIM_{kind}_KEY"])
    for kind in dkim.KINDS
    if chosen[f"DKIM_{kind}_KEY"]
)
DKIM_DOMAIN: str = chosen["DKIM_DOMAIN"]

# -- who may reach what ----------------------------------------------------------------------------

ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"] if LOCAL else [urlsplit(PUBLIC_URL).hostname, "127.0.0.1"]
PROXIES: int = chosen["PROXIES"]
CSRF_TRUSTED_ORIGINS = [] if LOCAL else [PUBLIC_URL]
SECURE_SSL_REDIRECT = not LOCAL
SECURE_PROXY_SSL_HEADER = None if LOCAL else ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 0 if LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not LOCAL
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = not LOCAL
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = not LOCAL
X_FRAME_OPTIONS = "DENY"

# The admin's Alpine needs unsafe-eval; a style nonce would disable unsafe-inline, which it needs too.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# -- logs: numbers of things, never addresses ------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Request lines of the public pages hold link tokens: not secret from their owner, but nobody else's.
    "loggers": {"django.request": {"level": "ERROR"}},
}

# -- the admin's look ------------------------------------------------------------------------------

# Strings with dots are functions that unfold calls with the request.
UNFOLD = {
    "SITE_TITLE": "Candor",
    "SITE_HEADER": "Candor",
    "SITE_SUBHEADER": "Mail that keeps its word",
    "SITE_ICON": lambda request: static("mailer/admin/candor.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("mailer/admin/candor.svg")}
    ],
    "SITE_URL": None,
    "STYLES": [lambda request: static("mailer/admin/candor.css")],
    "SCRIPTS": [lambda request: static("mailer/admin/candor.js")],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "GLOBAL_CALLBACK": "mailer.admin.operations.every_page",
    "DASHBOARD_CALLBACK": "mailer.admin.dashboard.overview",
    "SIDEBAR": {"navigation": "mailer.admin.navigation.sidebar"},
    "COLORS": {
        # A calm blue; white text on 600 has a contrast of 6:1 (WCAG asks for 4.5:1).
        "primary": {
            "50": "oklch(97.5% .012 230)",
            "100": "oklch(94.5% .03 230)",
            "200": "oklch(89% .055 230)",
            "300": "oklch(81% .09 230)",
            "400": "oklch(72% .12 232)",
            "500": "oklch(61% .13 235)",
            "600": "oklch(49.5% .11 238)",
            "700": "oklch(43% .1 240)",
            "800": "oklch(37% .085 242)",
            "900": "oklch(31% .07 244)",
            "950": "oklch(23% .055 245)",
        }
    },
}

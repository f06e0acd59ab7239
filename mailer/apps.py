"""The app. Its `ready` holds the only late imports."""

from django.apps import AppConfig


class MailerConfig(AppConfig):
    """Candor's one Django app."""

    name = "mailer"
    verbose_name = "Mailing"

    def ready(self) -> None:
        from mailer import checks  # noqa: F401  registers what Candor asks of its settings
        from mailer.webhooks import events  # noqa: F401  hears what mail services tell

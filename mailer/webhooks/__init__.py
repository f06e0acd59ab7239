"""The door of mail services: what they tell of single messages, by django-anymail's webhooks."""

"""Dates and times that read the same on both sides of every ocean, and that say they are UTC."""

DATETIME_FORMAT = "j M Y, H:i e"
DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i e"

"""The local inbox: an SMTP server on loopback that keeps all it is given, and pages to read it on."""

"""People and their places on lists: added one by one, or brought in from files."""

"""A bench that lacks what it needs."""


def run() -> None:
    raise RuntimeError("There is no ruler here.")

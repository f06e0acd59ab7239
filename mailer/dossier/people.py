"""Who acted, by name and number; and texts without the address of anybody else."""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

_LIKE_AN_ADDRESS = re.compile(r"[^\s,;:|<>()\[\]\"“”]+@[^\s,;:|<>()\[\]\"“”]+")
LEFT_OUT = "(an address, left out)"


def named(actors: Iterable[str]) -> dict[str, str]:
    """“user 3” with the name that the account has, “worker” as it is."""
    asked = set(actors)
    numbers = [int(actor.removeprefix("user ")) for actor in asked if re.fullmatch(r"user \d+", actor)]
    names = {f"user {one.pk}": _name(one) for one in get_user_model().objects.filter(pk__in=numbers)}
    return {actor: names.get(actor, actor) for actor in sorted(asked)}


def _name(user: Any) -> str:
    name = without_addresses(user.get_full_name() or user.get_username())
    return f"{name} (user {user.pk})"


def without_addresses(text: str, known: Iterable[str] = ()) -> str:
    """What staff wrote, without addresses but those `known`, which are the sender's own or the recipient's."""
    kept = {address.lower() for address in known}

    def left_out(found: re.Match[str]) -> str:
        address = found[0].rstrip(".")
        return found[0] if address.lower() in kept else LEFT_OUT + found[0][len(address) :]

    return _LIKE_AN_ADDRESS.sub(left_out, text)


def cleared(told: Any, known: Iterable[str] = ()) -> Any:
    """The same for every text in a structure."""
    if isinstance(told, str):
        return without_addresses(told, known)
    if isinstance(told, dict):
        return {name: cleared(value, known) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [cleared(value, known) for value in told]
    return told

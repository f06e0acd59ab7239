"""The rich text editor: its files lie here, and its one inline piece, the import map, carries the page's nonce."""

from typing import Any

from django.forms.widgets import Script
from django.http import HttpRequest
from js_asset import ImportMap, Media
from unfold.widgets import UnfoldAdminTextareaWidget

EDITOR = Media(
    importmap=ImportMap({"django-prose-editor/editor": "django_prose_editor/editor.js"}),
    css={
        "all": [
            "django_prose_editor/material-icons.css",
            "django_prose_editor/editor.css",
            "mailer/admin/editor.css",
        ]
    },
    js=[Script("mailer/admin/editor.js", type="module")],
)


class BodyWidget(UnfoldAdminTextareaWidget):
    """A textarea that becomes an editor where the layout takes words, and stays one where it takes code."""

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 22, "spellcheck": "true", "data-code": "", "data-editor": ""})

    @property
    def media(self) -> Media:
        return EDITOR


def with_nonce(context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    """The context of a change form whose import map the page's policy lets through."""
    nonce = str(request.csp_nonce)  # type: ignore[attr-defined]  # django-csp's
    return {**context, "media": Media.from_media(context["media"], nonce=nonce)}

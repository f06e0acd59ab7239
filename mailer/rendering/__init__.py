"""What a message is made of: compiled once per campaign, filled once per recipient.

Candor puts label, postal address, opt-out and headers around what an author wrote; nothing an author
can write reaches them (promise 1). The compiled bytes are what the gate checks and what is stored.
"""

from mailer.rendering.authored import Dropped
from mailer.rendering.brands import PLAIN, Brand
from mailer.rendering.compiling import compile_content
from mailer.rendering.facts import (
    SAMPLE_RECIPIENT,
    Content,
    ContentRefused,
    Envelope,
    ListFacts,
    Preview,
    Problem,
    Recipient,
    SenderFacts,
    Unfillable,
)
from mailer.rendering.filling import fill
from mailer.rendering.kinds import KindFacts
from mailer.rendering.layouts import MJML, SHIPPED, body_of
from mailer.rendering.notices import (
    data_notice,
    new_address_notice,
    new_message_id,
    sign_up_notice,
    way_back_notice,
)
from mailer.rendering.pictures import is_ours as is_own_picture
from mailer.rendering.previewing import image_names, preview
from mailer.rendering.reasons import reason_for
from mailer.rendering.skeletons import DamagedSkeleton, Skeleton
from mailer.rendering.web_copy import web_copy

LAYOUTS = ("", *SHIPPED)

__all__ = [
    "LAYOUTS",
    "MJML",
    "PLAIN",
    "SAMPLE_RECIPIENT",
    "Brand",
    "Content",
    "ContentRefused",
    "DamagedSkeleton",
    "Dropped",
    "Envelope",
    "KindFacts",
    "ListFacts",
    "Preview",
    "Problem",
    "Recipient",
    "SenderFacts",
    "Skeleton",
    "Unfillable",
    "body_of",
    "compile_content",
    "data_notice",
    "fill",
    "image_names",
    "is_own_picture",
    "new_address_notice",
    "new_message_id",
    "preview",
    "reason_for",
    "sign_up_notice",
    "way_back_notice",
    "web_copy",
]

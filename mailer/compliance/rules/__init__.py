"""The rules, one a file, in the order in which their findings are shown."""

from collections.abc import Callable, Iterator

from mailer.compliance.findings import Finding
from mailer.compliance.rules import (
    address_shown,
    blank_space,
    body,
    display_name,
    dropped_parts,
    explicit_mark,
    fake_reply,
    footer_last,
    frame_intact,
    header_fields,
    hidden_text,
    image_host,
    image_text,
    images_only,
    kind_advertises,
    kind_declared,
    label_first,
    line_characters,
    notice_form,
    one_click,
    opt_out_link,
    other_advertisers,
    postal_address,
    recipient_consent,
    sender_attested,
    sender_complete,
    sender_dns,
    size,
    subject_absent,
    subject_audience,
    subject_bound,
    subject_brand,
    subject_characters,
    subject_counts,
    subject_dates,
    subject_deadline,
    subject_denial,
    subject_denied,
    subject_discount,
    subject_durations,
    subject_explicit,
    subject_free,
    subject_from_name,
    subject_informs,
    subject_length,
    subject_names,
    subject_notice,
    subject_novelty,
    subject_outcome,
    subject_person,
    subject_pressure,
    subject_price,
    subject_prize,
    subject_proof,
    subject_scarcity,
    subject_scope,
    subject_terms,
    subject_thread,
    subject_topic,
    subject_universal,
    subject_without,
    unresolved_fields,
)
from mailer.compliance.subjects.letter import Letter
from mailer.rendering import KindFacts

# Who sends: judged on the sender's row.
SENDER_RULES = (
    sender_complete.check,
    display_name.check,
    postal_address.check,
    sender_attested.check,
    sender_dns.check,
)

# What goes out: judged on the bytes of a finished message.
MESSAGE_RULES = (
    header_fields.check,
    one_click.check,
    subject_length.check,
    line_characters.check,
    fake_reply.check,
    frame_intact.check,
    label_first.check,
    footer_last.check,
    address_shown.check,
    opt_out_link.check,
    hidden_text.check,
    blank_space.check,
    unresolved_fields.check,
    body.check,
    image_text.check,
    images_only.check,
    image_host.check,
    size.check,
    dropped_parts.check,
    explicit_mark.check,
    notice_form.check,
)

# What kind of mail it was said to be: judged on the same reading of subject and body as its claims.
KindRule = Callable[[Letter, KindFacts], Iterator[Finding]]
KIND_RULES: tuple[KindRule, ...] = (
    kind_declared.check,
    kind_advertises.check,
    other_advertisers.check,
)

# What a message claims: judged on its subject, name and preheader against its body (promise 6). What
# they hold, somebody may release who answers for it (`mailer.approvals`).
SUBJECT_RULES = (
    subject_characters.check,
    subject_thread.check,
    subject_explicit.check,
    subject_from_name.check,
    subject_denial.check,
    subject_deadline.check,
    subject_discount.check,
    subject_scope.check,
    subject_audience.check,
    subject_universal.check,
    subject_price.check,
    subject_bound.check,
    subject_free.check,
    subject_scarcity.check,
    subject_novelty.check,
    subject_prize.check,
    subject_notice.check,
    subject_person.check,
    subject_brand.check,
    subject_outcome.check,
    subject_proof.check,
    subject_topic.check,
    subject_informs.check,
    subject_terms.check,
    subject_absent.check,
    subject_durations.check,
    subject_without.check,
    subject_denied.check,
    subject_dates.check,
    subject_counts.check,
    subject_names.check,
    subject_pressure.check,
)

# Who gets it: judged on the people of its lists.
AUDIENCE_RULES = (recipient_consent.check,)

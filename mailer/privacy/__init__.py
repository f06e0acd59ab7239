"""What persons may ask about their own data: see it, correct it, have it erased, object (GDPR 15, 16, 17, 21).

`requests` keeps the clock, `access` gathers, `correction` and `erasure` change. All go by mailbox: whoever reads
it is the person.
"""

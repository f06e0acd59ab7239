"""Recipients' pages: no session, no cookie, no script, nothing asked (promise 4 of the design)."""

"""Candor against what it can't beat and what it should: ratios measured in one run (`make bench`)."""

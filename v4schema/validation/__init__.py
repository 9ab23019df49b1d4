"""Validating an ad: from the assertions that fail to the findings that say so.

It may import `reading` and what lies below.
"""

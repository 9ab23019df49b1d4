"""Output: reports, listings, diffs, and files that are written completely or not at all.

It may import `feed` and packages below it.
"""

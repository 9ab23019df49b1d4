"""What is written: reports, listings, diffs, and files that appear whole or not at all.

It may import `feed` and what lies below.
"""

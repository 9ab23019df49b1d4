"""From bytes to ads: reading files, explaining syntax errors, identifying ads.

It may import `catalogue` and what lies below.
"""

"""From bytes to ads: reading files, explaining syntax errors, and identifying ads.

It may import `catalogue` and packages below it.
"""

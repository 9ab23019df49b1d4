"""Validating an ad: from failed assertions to findings. It may import `reading` and packages below it."""

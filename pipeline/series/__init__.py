"""Delivery of issues that were built: who gets which, when, and what became of it. It never sees a book."""

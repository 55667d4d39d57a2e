"""What a mail is, apart from any book: bytes, placeholders, and the sequence as the newsletter writes it.

The newsletter's writer makes it, and delivery reads it.
"""

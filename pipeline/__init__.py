"""Quire: one Markdown manuscript in; a workbook, worksheets, an EPUB and a newsletter out."""

__version__ = "0.1.0"

"""The report of a frozen count, as a page to print and as PDF."""

"""The report on one campaign: counts, changes since the last one, and the page."""

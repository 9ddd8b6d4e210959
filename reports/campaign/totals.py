"""The totals of a campaign, in one line."""

from __future__ import annotations

from dataclasses import dataclass

from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.campaign.tables import tables

_QUERY = """
    SELECT
        (SELECT count(*) FROM cases), (SELECT count(*) FROM cases WHERE number < 0), count(*),
        count(*) FILTER (verdict = 'agree'), count(*) FILTER (finding IS NOT NULL),
        count(*) FILTER (known IS NOT NULL), count(*) FILTER (again = verdict)
    FROM verdicts
"""


@dataclass(frozen=True)
class Totals:
    """Counts of a campaign: cases, the named ones among them, and answers of all engines.

    `new` findings are covered by no known failure, and had the same verdict when asked again.
    """

    cases: int
    named: int
    answers: int
    correct: int
    findings: int
    known: int
    new: int

    @property
    def line(self) -> str:
        """The counts in one line."""
        flaky = self.findings - self.known - self.new
        rest = self.answers - self.correct - self.findings
        return (
            f"{self.cases} cases, {self.named} of them named; {self.answers} answers: "
            f"{self.correct} correct, {self.findings} findings ({self.new} new, "
            f"{self.known} known, {flaky} flaky), {rest} not compared"
        )


def totals(folder: Folder) -> Totals:
    """What a campaign has asked and found until now, shards at work included. Raises StoreError."""
    with tables(folder) as connection:
        return Totals(*connection.sql(_QUERY).fetchall()[0])

"""The findings in the tables of a run, and what other engines and other runs say about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields

from ad_conformance.conformance.severity import Kind
from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.generators.ir.file_keys import file_key
from ad_conformance.reports.campaign.store import Folder, StoreError
from ad_conformance.reports.campaign.tables import tables
from ad_conformance.reports.issues.bucket_files import BucketFile, bucket_files


@dataclass(frozen=True)
class Finding:
    """A finding, with the columns of the tables."""

    number: int
    origin: str
    name: str | None
    id: str
    json: str
    mode: str
    operations: list[str]
    steps: int
    engine: str
    verdict: str
    error_ratio: float | None
    severity: str | None
    how_wrong: str | None
    stage: str | None
    error: str | None
    message: str | None
    printed: str | None
    got: str | None
    wanted: str | None
    again: str | None
    known: str | None
    regressed: str | None
    standing: str | None
    finding: str

    @property
    def base(self) -> str:
        return base(self.engine)

    @property
    def steady(self) -> bool:
        """Whether the second try had the same verdict; known findings are asked only once."""
        return self.again in (None, self.verdict)

    def key(self, files: Files) -> tuple[str, ...]:
        """Findings with the same key are in one bucket.

        The key is the known failure, or the root cause if triage found it, or else the engine,
        verdict, exception and operations, and whether digits are lost.
        """
        if entry := self.known or self.regressed:
            return self.base, entry
        if self.finding in files:
            return self.base, "cause", files[self.finding].cause.id
        operations = ",".join(o for o in self.operations if o not in ("constant", "argument"))
        key = self.base, self.verdict, self.error or "", operations
        lost = (Kind.DIGITS,) if self.severity == Kind.DIGITS else ()
        return (*key, "" if self.steady else "flaky", *lost)

    @property
    def size(self) -> tuple[bool, int, int, str]:
        """Sort key: pinned cases first, since they are minimal, then the shortest."""
        return (
            self.origin != "known" or self.name != self.known,
            self.steps,
            len(self.json),
            self.id,
        )


def base(engine: str) -> str:
    """An engine's name without its release."""
    return engine.partition("@")[0]


def findings(folder: Folder) -> list[Finding]:
    """All findings of a run. Raises StoreError."""
    columns = ", ".join(file_key(field.name) for field in fields(Finding))
    query = f"SELECT {columns} FROM verdicts JOIN cases USING (number) WHERE finding IS NOT NULL"
    with tables(folder) as connection:
        rows = connection.sql(query).fetchall()
    found = [Finding(*row) for row in rows]
    for finding in found:
        for field in fields(Finding):
            value = getattr(finding, field.name)
            if value is None and "None" not in str(field.type):
                raise StoreError(f"{folder.url}: {finding.finding}: {field.name} is missing")
        if None in finding.operations:
            raise StoreError(f"{folder.url}: {finding.finding}: operations: one has no name")
    return found


Files = Mapping[str, BucketFile]
"""The bucket file of each finding, by the file name of the finding."""


def files_of(folder: Folder) -> Files:
    return {finding: file for file in bucket_files(folder) for finding in file.findings}


def grouped(found: Iterable[Finding], files: Files) -> dict[tuple[str, ...], list[Finding]]:
    groups: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in sorted(found, key=lambda f: f.size):
        groups[finding.key(files)].append(finding)
    return dict(groups)


Answers = Mapping[tuple[str, str], Collection[str]]


def answers_to(folder: Folder, ids: Collection[str]) -> Answers:
    """The verdicts of these cases in a run, by engine (without release) and case id.

    Raises StoreError.
    """
    query = (
        "SELECT engine, id, verdict, again FROM verdicts JOIN cases USING (number) WHERE id "
        "IN (SELECT unnest(?))"
    )
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    with tables(folder) as connection:
        for engine, case, verdict, again in connection.execute(query, [list(ids)]).fetchall():
            found[base(engine), case].update({verdict} if again is None else {verdict, again})
    return found


Engines = Mapping[int, Mapping[bool, tuple[str, ...]]]
"""By the number of a case: the engines that agreed (True), and those that failed (False)."""


def compared_engines(folder: Folder, numbers: Collection[int]) -> Engines:
    query = (
        "SELECT number, engine, verdict FROM verdicts WHERE number IN (SELECT unnest(?)) "
        "ORDER BY ALL"
    )
    found: dict[int, dict[bool, tuple[str, ...]]] = {n: {True: (), False: ()} for n in numbers}
    with tables(folder) as connection:
        for number, engine, verdict in connection.execute(query, [list(numbers)]).fetchall():
            if Verdict(verdict).compared:
                found[number][verdict == Verdict.AGREE] += (engine,)
    return found

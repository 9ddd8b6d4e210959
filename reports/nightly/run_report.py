"""The data of a report about one run: its findings as buckets, compared with an earlier run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ad_conformance.engines import registry
from ad_conformance.reports.campaign.store import Folder


@dataclass(frozen=True)
class Bucket:
    """The findings of one engine that have the same root cause."""

    id: str  # stable over runs
    engine: str  # as in the run
    name: str  # readable, e.g. 'det FF wrong', or the known failure's name
    status: str  # 'new', 'regressed', 'changed', ...: see headline.STATUSES
    verdict: str
    known: str | None  # name of the known failure that covers it
    summary: str  # of the known failure, or made from the finding
    issue: str  # upstream issue, or ''
    modes: tuple[str, ...]  # modes of the findings
    operations: tuple[str, ...]
    count: int  # findings in this run
    case: str  # the smallest finding's case, as JSON
    finding: str  # its file in findings/, '' if there is none
    error: str
    message: str
    printed: str
    stage: str
    got: str | None  # as JSON, like `wanted`
    wanted: str | None
    error_ratio: float | None  # error / tolerance
    severity: str | None  # the kind of the worst finding, None in older campaigns
    how_wrong: str | None  # the same, as text
    right_modes: tuple[str, ...]
    wrong_modes: tuple[str, ...]  # the engine fails in these, too; in all others, it was not asked
    right_engines: tuple[str, ...]
    wrong_engines: tuple[str, ...]
    rewritten: tuple[str, ...]  # operations: the engine agrees if they are written with others
    suspect: str  # why the case itself may be at fault, or ''


@dataclass(frozen=True)
class RunReport:
    """Everything that a report shows of one run."""

    folder: Folder
    run: Mapping[str, Any]  # run.json
    sessions: tuple[Mapping[str, Any], ...]
    previous: str | None  # the run it is compared with
    buckets: tuple[Bucket, ...]
    invalid: Mapping[str, tuple[str, ...]]  # engine -> reasons; '' for reasons that concern all
    #: By engine: the cases whose answer was right or a finding. The result rests on these.
    compared: Mapping[str, int] = field(default_factory=dict)

    @property
    def triaged(self) -> bool:
        """Whether triage of the run has written buckets."""
        return any(name.endswith(".json") for name in self.folder.names("buckets"))

    @property
    def python(self) -> str:
        """The option that names the interpreter of the run again, "" if it has none."""
        return registry.python_named((self.run.get("interpreter") or {}).get("path", ""))

    @property
    def imports(self) -> str:
        """The options that let `ad-conformance triage` import engines of the run, and run its
        interpreter.

        "" if the run has no interpreter of its own and names no engine as package.module:attribute.
        """
        names = ",".join(name for name in self.run["asked"].values() if registry.is_import(name))
        return (f" --engine {shlex.quote(names)}" if names else "") + self.python

    def case_and_engine(self, bucket: Bucket) -> str:
        """The case and the engine of a bucket as arguments of a command.

        The engine has the name that the campaign was given.
        """
        file = (
            f"{self.folder.url.rstrip('/')}/findings/{bucket.finding}"
            if bucket.finding
            else "case.json"
        )
        return f"{shlex.quote(file)} --engine {shlex.quote(self.asked(bucket))}{self.python}"

    def asked(self, bucket: Bucket) -> str:
        """The engine of a bucket as the campaign named it."""
        return str(self.run["asked"].get(bucket.engine, bucket.engine))

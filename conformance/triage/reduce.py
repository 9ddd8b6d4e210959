"""Makes the case of a finding smaller while it still fails in the same way."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

from ad_conformance.conformance.triage.ask import Asker, judged, shorter_timeout
from ad_conformance.conformance.triage.failure_key import FailureKey
from ad_conformance.conformance.verdicts import Result
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.program import Case, MalformedCase, expect_keys
from ad_conformance.generators.rewrite import reduction

#: Seconds after which the progress file is written again.
WRITE_EVERY = 5.0


def reduced(
    finding: Result, sandbox: Sandbox, *, seconds: float = math.inf, progress: Path | None = None
) -> Result:
    """The smallest finding with the same failure key that was met within so many seconds.

    `progress` is a file that keeps the state of the reduction, however it ends. A later call with
    this file continues from there and asks nothing again. Raises EngineUnavailable; MalformedCase,
    which names the file, if it does not belong to this finding and this release of the engine;
    OSError.
    """
    wanted, asker = FailureKey.of(finding), Asker(sandbox)
    kept = None if progress is None else _Progress(progress, finding, sandbox.engine)
    start, asked = (finding.case, set[str]()) if kept is None else (kept.case, kept.asked)

    def fails(candidate: Case) -> bool:
        failed = asker.failure(candidate) == wanted
        if kept is not None:
            kept.answered(candidate, failed)
        return failed

    try:
        with shorter_timeout(sandbox, finding.verdict, finding.case.mode):
            smallest = reduction.reduce(start, fails, seconds=seconds, asked=asked)
    finally:
        if kept is not None:
            kept.write()
    # With the whole timeout: a case that is only slow may have passed for a hang.
    small = judged(smallest, sandbox)
    return small if small.is_finding and FailureKey.of(small) == wanted else finding


class _Progress:
    """The state of a reduction, in a file that is complete at any time."""

    def __init__(self, path: Path, finding: Result, engine: Engine) -> None:
        """Raises MalformedCase, or OSError if the file cannot be written."""
        self._path = path
        key = FailureKey.of(finding)
        self._of = {
            "finding": finding.case.id,
            "engine": engine.name,
            "version": engine.version(),
            "verdict": str(key.verdict),
            "error": key.error,
            "message": key.message,
        }
        self.case, self.asked = finding.case, set[str]()
        if path.exists():
            self._read()
        self.write()

    def _read(self) -> None:
        try:
            document: Any = json.loads(self._path.read_text(encoding="utf-8"))
            expect_keys(document, "progress", required={*self._of, "case", "asked"})
            for field, own in self._of.items():
                if document[field] != own:
                    raise MalformedCase(
                        f"{field}: {document[field]!r} is not {own!r}, which is reduced here"
                    )
            if not isinstance(document["asked"], list) or not all(
                isinstance(item, str) for item in document["asked"]
            ):
                raise MalformedCase("asked: a list of ids is needed")
            self.case, self.asked = parse_case(json.dumps(document["case"])), set(document["asked"])
        except (ValueError, RecursionError) as error:
            raise MalformedCase(f"{self._path}: {error}") from None

    def answered(self, candidate: Case, failed: bool) -> None:
        """Write the file after a smaller case, and every `WRITE_EVERY` seconds."""
        if failed:
            self.case = candidate
        if failed or time.monotonic() > self._written + WRITE_EVERY:
            self.write()

    def write(self) -> None:
        """Replace the file as a whole. Raises OSError."""
        document = {**self._of, "case": json.loads(self.case.json), "asked": sorted(self.asked)}
        new = self._path.with_name(f".{self._path.name}.new")
        new.write_text(json.dumps(document, sort_keys=True) + "\n", encoding="utf-8")
        new.replace(self._path)
        self._written = time.monotonic()

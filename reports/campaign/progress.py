"""Progress of a campaign: a live table in a terminal, or plain lines in a file or pipe."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ad_conformance.conformance.verdicts import Verdict
from ad_conformance.reports.campaign.shards import Tally
from ad_conformance.reports.campaign.store import Folder
from ad_conformance.reports.campaign.tables import journal_rows
from rich.console import Console
from rich.live import Live
from rich.table import Table

#: Seconds between plain lines, and between reads of the journals.
PLAIN, LIVE = 30.0, 1.0


class Progress:
    """Counts of complete shards and, in a local folder, of the journals of shards at work.

    `before` are the counts of complete shards of earlier sessions. `cases` is the number of
    generated cases to ask, `named` that of named cases; cases of both kinds are counted.
    """

    def __init__(
        self,
        folder: Folder,
        before: Tally,
        *,
        engines: int,
        named: int,
        cases: int | None,
        seconds: float | None,
        console: Console,
    ) -> None:
        self._folder, self._seconds, self._console = folder, seconds, console
        self._total = None if cases is None else cases + named
        self._engines = engines
        self._begun = self._last = time.monotonic()
        self._ended, self._before = before, before.cases
        self._working: dict[int, Tally] = {}
        self._read: dict[int, int] = {}
        self._shown: set[tuple[int, str]] = set()
        # The table stays on the terminal when the campaign has ended.
        self._live = Live(console=console, refresh_per_second=2) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._live:
            self._live.stop()

    def ended(self, tally: Tally) -> None:
        """Add the counts of a shard that is complete."""
        self._working.pop(tally.shard, None)
        self._show(tally)
        self._ended.cases += tally.cases
        self._ended.verdicts += tally.verdicts
        self._ended.known += tally.known

    def look(self, shards: Iterable[int], *, last: bool = False) -> None:
        """Read new rows of the journals of these shards, and show the counts if it is time.

        They are shown in any case if this is the `last` look. Raises StoreError.
        """
        if self._folder.local:
            for shard in shards:
                self._follow(shard)
        now = time.monotonic()
        if self._live:
            self._live.update(self._table(), refresh=last)
        elif last or now - self._last >= PLAIN:
            self._last = now
            self._console.print(self.line(), highlight=False)

    @property
    def cases(self) -> int:
        """The number of cases asked, named ones too; for shards at work, answers / engines."""
        answers = sum(sum(tally.verdicts.values()) for tally in self._working.values())
        return self._ended.cases + answers // self._engines

    def line(self) -> str:
        """The progress in one line."""
        counts = self._verdicts()
        found = ", ".join(
            f"{verdict} {counts[verdict]}"
            for verdict in Verdict
            if counts[verdict] and verdict.is_finding
        )
        known = self._ended.known + sum(tally.known for tally in self._working.values())
        total = f" of {self._total}" if self._total is not None else ""
        left = self._left()
        return (
            f"{self.cases}{total} cases, {self._rate():.1f} per second; "
            f"findings: {found or 'none'} ({known} known)"
            + (f"; {left / 60:.0f} min left" if left is not None else "")
        )

    def _follow(self, shard: int) -> None:
        path = Path(self._folder.path, "journal", f"{shard:08d}.jsonl")
        try:
            with path.open("rb") as file:
                file.seek(self._read.get(shard, 0))
                data = file.read()
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read[shard] = self._read.get(shard, 0) + len(whole)
        tally = self._working.setdefault(shard, Tally(shard))
        for line in whole.splitlines():
            for table, row in journal_rows(line, str(path)):
                tally.count(table, row)
        self._show(tally)

    def _show(self, tally: Tally) -> None:
        """Print one line for each new finding, once."""
        for row in tally.findings:
            key = row["number"], row["engine"]
            if key not in self._shown:
                self._shown.add(key)
                again, error = "", ""
                if row["again"] != row["verdict"]:
                    again = f" (second try: {row['again']})"
                if row["error"]:
                    message = (row["message"] or "").partition("\n")[0]
                    error = f": {row['error']}: {message[:120]}"
                self._console.print(
                    f"new: {row['engine']} {row['verdict']}{again}, "
                    f"{self._folder.url}/findings/{row['finding']}{error}",
                    highlight=False,
                    markup=False,
                    soft_wrap=True,
                )

    def _verdicts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for tally in (self._ended, *self._working.values()):
            for (_, verdict), n in tally.verdicts.items():
                counts[verdict] += n
        return counts

    def _rate(self) -> float:
        return (self.cases - self._before) / max(time.monotonic() - self._begun, 1e-9)

    def _left(self) -> float | None:
        times = []
        if self._seconds is not None:
            times.append(max(0.0, self._seconds - (time.monotonic() - self._begun)))
        if self._total is not None and self._rate() > 0:
            times.append((self._total - self.cases) / self._rate())
        return min(times, default=None)

    def _table(self) -> Table:
        counts: dict[str, Counter[str]] = {}
        for tally in (self._ended, *self._working.values()):
            for (engine, verdict), n in tally.verdicts.items():
                counts.setdefault(engine, Counter())[verdict] += n
        table = Table(title=self.line(), title_justify="left")
        present = [verdict for verdict in Verdict if any(c[verdict] for c in counts.values())]
        for name in ("engine", *present):
            table.add_column(name, justify="left" if name == "engine" else "right")
        for engine, found in sorted(counts.items()):
            table.add_row(engine, *(str(found[verdict]) for verdict in present))
        return table

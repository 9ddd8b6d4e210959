"""The page as text: all of it there, nothing of elsewhere, and what came from an engine is never
more than text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ad_conformance.reports.campaign.store import Folder, StoreError, write_record
from ad_conformance.reports.nightly import page
from ad_conformance.reports.nightly.counts import Kink
from ad_conformance.reports.nightly.headline import headline, state
from ad_conformance.reports.nightly.page import embedded, render
from ad_conformance.reports.nightly.run_report import RunReport
from ad_conformance.reports.nightly.template_filters import kink, percent

from tests import made_runs
from tests.made_runs import HOSTILE, bucket

#: Elements that have no end.
VOID = {"meta", "link", "input", "br", "img"}


class Elements(HTMLParser):
    """What a page is made of, as a browser's parser sees it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.drawn: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "svg" in self.open:
            self.drawn.add(tag)
        else:
            self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} ends what it did not begin"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("runs")
    made_runs.write(folder / "first", begun="2026-11-22T02:00:00+00:00")
    return made_runs.report_of(made_runs.write(folder / "second"))


@pytest.fixture(scope="module")
def text(report: RunReport) -> str:
    return render(report)


def test_every_section_is_there(text: str) -> None:
    attributes = Elements(text).attributes
    ids = [value for _, name, value in attributes if name == "id"]
    assert [k for k, n in Counter(ids).items() if n > 1] == []
    for section in (
        "changes",
        "matrix",
        "accuracy",
        "cost",
        "trends",
        "kinks",
        "unsupported",
        "run",
    ):
        assert section in ids
    for status in ("new", "regressed", "flaky", "fixed", "still-there", "known", "not-compared"):
        assert status in ids
    within = {
        value.removeprefix("#")
        for _, name, value in attributes
        if name == "href" and value.startswith("#")
    }
    within |= {value[5:-1] for _, name, value in attributes if name == "clip-path"}
    assert within <= set(ids)


def test_a_bucket_has_all_that_it_takes_to_see_it(text: str, report: RunReport) -> None:
    first = re.search(
        r'<details class="bucket" id="bucket-torch-0"[^>]*>.*?</details>', text, re.DOTALL
    )
    assert first
    told = "".join(data for _, data in Elements(first[0]).texts)
    for part in (
        "torch.func.jacrev(f)",
        "0.8775825618903728",
        "4.5e+12 times the tolerance",
        "torch in F; engine inhouse",
        "fails tooengine autograd",
        f"ad-conformance replay {report.folder.url}/findings/torch-R-0.json --engine torch",
    ):
        assert part in told
    assert '<a href="https://example.org/issues/0"' in first[0]
    assert "No script is shown: package.module:attribute is imported only if" in text


def test_counts_in_cells(text: str) -> None:
    cell = re.search(r'data-cell="1-1">(.*?)</a>', text, re.DOTALL)
    assert cell
    told = " ".join("".join(data for _, data in Elements(cell[1]).texts).split())
    assert told == "37.5 % 3 of 8 ▲ 1 new ≈ 1 flaky 3 known"


def test_page_loads_nothing_from_the_network(text: str) -> None:
    found = Elements(text)
    addresses = [
        (t, n, v)
        for t, n, v in found.attributes
        if n in ("src", "href", "xlink:href", "action", "data")
    ]
    outside = [(t, v) for t, n, v in addresses if not v.startswith(("#", "data:"))]
    assert {tag for tag, _ in outside} == {"a"}
    assert {address.rpartition("/")[0] for _, address in outside} == {"https://example.org/issues"}
    assert not re.search(r"@import|url\((?!#)", text)
    assert [
        tag for tag, _ in found.tags if tag in ("img", "iframe", "object", "embed", "base", "form")
    ] == []


def test_hostile_names_and_messages_are_text(tmp_path: Path) -> None:
    plain, hostile = (
        Elements(
            render(made_runs.report_of(made_runs.write(tmp_path / str(k) / "run", name=name), name))
        )
        for k, name in enumerate(("A", HOSTILE))
    )
    # Of a name that sorts alike, and is as harmless as can be, the page is made in the same way.
    assert hostile.tags == plain.tags
    assert hostile.drawn == {"g", "path", "use", "defs", "clippath", "rect", "text"}
    assert [name for _, name, _ in hostile.attributes if name.startswith("on")] == []
    links = {
        value
        for _, name, value in hostile.attributes
        if name == "href" and not value.startswith(("#", "data:"))
    }
    assert {link.partition("issues")[0] for link in links} == {"https://example.org/"}
    shown = Counter(
        element for element, data in hostile.texts if "window.hacked=1</script>" in data
    )
    assert set(shown) == {"b", "p", "span", "pre", "th", "td", "dt", "dd", "title"}


def test_a_message_is_shown_whole_and_nothing_of_it_is_evaluated(tmp_path: Path) -> None:
    report = made_runs.report_of(made_runs.write(tmp_path))
    shown = Elements(render(replace(report, buckets=(bucket(message=HOSTILE),))))
    assert ("pre", HOSTILE) in shown.texts


def test_embedded_json_ends_no_element() -> None:
    data = {"</script><!--": ["<", ">", "&", "\u2028", "\u2029", HOSTILE]}
    text = str(embedded(data))
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == data


def test_page_survives_lone_surrogates(report: RunReport) -> None:
    render(replace(report, buckets=(bucket(message="\ud800"),))).encode("utf-8")


def test_the_policy_lets_only_our_script_run(text: str) -> None:
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(script) == 1
    policy = next(
        v
        for t, n, v in Elements(text).attributes
        if (t, n) == ("meta", "content") and "script-src" in v
    )
    assert (
        f"'sha256-{base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()}'"
        in policy
    )
    assert "default-src 'none'" in policy


def test_the_same_bytes_every_time(report: RunReport, text: str) -> None:
    script = (
        "import hashlib, sys; from ad_conformance.reports.nightly.page import render; from "
        "ad_conformance.reports.campaign.store import Folder;"
        "from tests import made_runs;"
        "page = render(made_runs.report_of(Folder(sys.argv[1])));"
        "print(hashlib.sha256(page.encode()).hexdigest())"
    )
    # Another order of sets, and settings of matplotlib that somebody may have.
    settings = Path(report.folder.url).parent / "matplotlibrc"
    settings.write_text("lines.linewidth: 9\naxes.grid: True\n")
    environment = {**os.environ, "PYTHONHASHSEED": "1", "MATPLOTLIBRC": str(settings)}
    done = subprocess.run(
        [sys.executable, "-c", script, report.folder.url],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env=environment,
    )
    assert done.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()


def test_many_buckets_are_summarized(report: RunReport) -> None:
    message = "a long message of a compiler " * 300
    many = tuple(
        bucket(id=f"b{k}", status="known" if k > 9 else "new", message=message, printed=message)
        for k in range(800)
    )
    text = render(replace(report, buckets=many))
    assert len(text.encode()) < 1_000_000
    whole = text.count('<details class="bucket"')
    assert 10 <= whole <= page.SCRIPTS
    assert text.count('<div class="bucket"') == page.LISTED
    assert f"{800 - whole - page.LISTED} more are not listed here" in text
    assert "<code>ad-conformance show " in text
    assert "<b>790</b>" in text


def test_a_script_of_thousands_of_numbers_is_left_out(
    report: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "LONGEST_SCRIPT", 100)
    assert re.search(
        r"No script is shown: it has \d+ characters; ad-conformance show",
        render(replace(report, buckets=(bucket(),))),
    )


@pytest.mark.parametrize(
    ("buckets", "invalid", "expected", "worst"),
    [
        ((), {}, "no findings", "good"),
        (
            (("known", "jax"), ("known", "jax"), ("still there", "jax")),
            {},
            "1 bucket still there and 2 known",
            "good",
        ),
        ((("known", "jax"), ("known", "jax")), {}, "2 buckets known", "good"),
        (
            (("new", "torch"), ("new", "torch"), ("fixed", "jax")),
            {},
            "2 new buckets in torch; 1 fixed in jax",
            "bad",
        ),
        (
            (("fixed", "jax"), ("new", "a"), ("new", "b")),
            {},
            "1 new bucket in a and 1 in b; 1 fixed in jax",
            "bad",
        ),
        (
            (("regressed", "jax"),),
            {"a": ("x", "y")},
            "1 regressed bucket in jax; a invalid: x, y",
            "bad",
        ),
        ((("flaky", "jax"),), {}, "1 flaky bucket in jax", "flaky"),
        (
            (("known", "jax"),),
            {"": ("no shard is complete",)},
            "the run is invalid: no shard is complete",
            "invalid",
        ),
    ],
)
def test_headlines(
    report: RunReport,
    buckets: tuple[tuple[str, str], ...],
    invalid: dict[str, tuple[str, ...]],
    expected: str,
    worst: str,
) -> None:
    told = replace(
        report, buckets=tuple(bucket(status=s, engine=e) for s, e in buckets), invalid=invalid
    )
    assert (headline(told), state(told)) == (expected, worst)


@pytest.mark.parametrize(
    ("share", "told"),
    [(None, "\N{EN DASH}"), (1.0, "100"), (0.9999, "99.9"), (0.5, "50.0"), (0.0, "0.0")],
)
def test_rounded_share_is_100_percent_only_if_exact(share: float | None, told: str) -> None:
    assert percent(share).removesuffix("\N{NO-BREAK SPACE}%") == told


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"R": ("convention", "[0.5, -0.0]"), "F": ("convention", "[0.5, 0.0]")}, "[0.5, 0]"),
        (
            {"R": ("convention", "1.0"), "F": ("convention", "-Infinity")},
            "R 1; F \N{MINUS SIGN}∞",
        ),
        ({"R": ("unsupported", None)}, "\N{EN DASH}"),
        (
            {"R": ("wrong", "2.5e-05"), "F": ("unsupported", None)},
            "R 2.5e\N{MINUS SIGN}05 (wrong); F \N{EN DASH}",
        ),
        ({"R": ("runtime_failure", None)}, "runtime failure"),
        ({}, "\N{EN DASH}"),
    ],
)
def test_answers_at_kinks(answers: dict[str, tuple[str, str | None]], told: str) -> None:
    asked = {("torch", mode): answer for mode, answer in answers.items()}
    assert kink(Kink("abs(x) at 0", asked), "torch") == told


def test_tables_that_were_cut_short_are_refused(tmp_path: Path) -> None:
    folder = made_runs.write(tmp_path)
    whole = (tmp_path / "cases" / "00000001.parquet").read_bytes()
    (tmp_path / "cases" / "00000001.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match=re.escape(folder.url)):
        render(made_runs.report_of(folder))


def test_modes_outside_the_plan_are_sorted_too() -> None:
    assert page._ordered(("R",), "FEDCRBA") == ["R", *"ABCDEF"]


def test_a_run_without_any_answer_has_a_page(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path / "run"))
    write_record(folder, "run.json", made_runs._run("2026-11-23T02:00:00+00:00", ""))
    run = json.loads(folder.read("run.json"))
    text = render(RunReport(folder, run, (), None, (), {"": ("no shard is complete",)}))
    assert "the run is invalid: no shard is complete" in text
    assert "No answer was correct." in text

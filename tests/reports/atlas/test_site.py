"""The pages of an atlas: right counts, honest words, links that stay, and text that stays text."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from ad_conformance.generators.catalogue import CATALOGUE
from ad_conformance.generators.scenarios.cells import GOAL
from ad_conformance.generators.scenarios.situations import MEANINGS
from ad_conformance.reports.atlas.outcomes import WORDS, Tally, word_of
from ad_conformance.reports.atlas.site import write_site
from ad_conformance.reports.campaign.store import Folder, StoreError

from tests.made_runs import HOSTILE
from tests.reports.atlas import made
from tests.reports.atlas.made import document
from tests.reports.test_page import Elements


def text_of(path: Path) -> str:
    """The text of a page as it is read, each run of white space as one space."""
    found = Elements(path.read_text(encoding="utf-8"))
    shown = [data for tag, data in found.texts if tag not in ("script", "style")]
    return " ".join(" ".join(shown).split())


def test_cells_count_certified_cases(site: Path) -> None:
    cells = {
        (c["engine"], c["mode"], c["situation"]): c
        for c in document(site, "operations/det")["cells"]
    }
    assert cells["torch", "RR", "general"]["text"] == f"right 6/{GOAL}"
    assert cells["torch", "RR", "general"]["counts"] == {"right": 6, "unsure": 1}
    assert cells["torch", "RR", "singular"]["text"] == "wrong 4 of 4"
    assert cells["torch", "RR", "tie"]["text"] == "wrong 4 of 4"
    assert cells["torch", "RF", "general"]["counts"] == {"wrong": 4, "raises": 1}
    assert cells["inhouse", "RR", "singular"]["text"] == f"right 4/{GOAL}"
    assert len(cells) == 8


def test_a_case_counts_once_for_its_mode(site: Path) -> None:
    by_mode = document(site, "operations/det")["by_mode"]["torch"]
    assert by_mode["RR"]["text"] == "wrong 4 of 10"
    assert by_mode["RR"]["certified"] == 10
    assert by_mode["RF"]["text"] == "wrong 4 of 5"


def test_kills_lost_digits_flaky_and_unsupported_are_told_apart(site: Path) -> None:
    cell = document(site, "operations/sin")["by_mode"]["torch"]["R"]
    assert cell["counts"] == {"kills": 1, "inaccurate": 1, "flaky": 1, "unsupported": 1}
    assert cell["text"] == "kills 1 of 2"


def test_a_cell_without_an_answer_is_untested(site: Path) -> None:
    found = document(site, "operations/sort")
    assert found["cells"] == []
    words = {cell["word"] for of in found["by_mode"].values() for cell in of.values()}
    assert words == {"untested"}
    assert found["coverage"]["torch"] == {
        "cells": 14 * 2 * len(found["situations"]),
        "enough": 0,
        "some": 0,
        "untested": 14 * 2 * len(found["situations"]),
    }
    assert "Untested in all engines: R, F, RR, RF, FR, FF" in text_of(site / "operations/sort.html")


def test_cases_without_a_certified_derivative_do_not_make_a_cell_right(tmp_path: Path) -> None:
    tally = Tally()
    tally.add(word_of("uncertified", None), 5, certified=False)
    tally.add(word_of("convention", None), 5, certified=False)
    assert (tally.word, tally.text, tally.certified) == ("untested", "untested", 0)


def test_enough_cases_need_no_remark() -> None:
    tally = Tally()
    tally.add("right", GOAL, certified=True)
    assert tally.text == f"right {GOAL}"


@pytest.mark.parametrize(
    ("verdict", "severity", "word"),
    [
        ("agree", None, "right"),
        ("wrong", "sign", "wrong"),
        ("wrong", "digits", "inaccurate"),
        ("not_finite", "not finite", "wrong"),
        ("wrong_dtype", "dtype", "wrong"),
        ("impure", "impure", "wrong"),
        ("compile_failure", "raised", "raises"),
        ("runtime_failure", "raised", "raises"),
        ("crash", "killed", "kills"),
        ("timeout", "no end", "kills"),
        ("unsupported", None, "unsupported"),
        ("convention", None, "unsure"),
    ],
)
def test_each_verdict_has_a_word(verdict: str, severity: str | None, word: str) -> None:
    assert word_of(verdict, severity) == word


def test_a_mode_that_an_engine_does_not_have_is_unsupported(tmp_path: Path) -> None:
    folder = made.write(tmp_path)
    path = tmp_path / "campaign" / "run.json"
    run = json.loads(path.read_text())
    run["engines"] = {"torch-autograd": "2.13.0"}
    run["asked"] = {"torch-autograd": "torch-autograd"}
    path.write_text(json.dumps(run))
    write_site(folder, tmp_path)
    found = document(tmp_path, "operations/sort")
    cells = found["by_mode"]["torch-autograd"]
    assert {mode for mode, cell in cells.items() if cell["word"] == "untested"} == {
        "R",
        "RR",
        "RRR",
    }
    assert cells["RF"]["word"] == "unsupported"
    assert found["coverage"]["torch-autograd"]["cells"] == 3 * 2 * len(found["situations"])


def test_pages_say_what_their_json_says(site: Path) -> None:
    for path in sorted(site.glob("operations/*.json")):
        found, shown = json.loads(path.read_text()), text_of(path.with_suffix(".html"))
        html = path.with_suffix(".html").read_text()
        assert f'<a href="{path.name}">' in html
        for engine in found["engines"]:
            for mode, cell in found["by_mode"][engine].items():
                tested = any(
                    of[mode]["word"] != "untested" or of[mode]["expected"]
                    for of in found["by_mode"].values()
                    if mode in of
                )
                place = re.search(rf'<td id="{engine}-{mode}"[^>]*>([^<]*)', html)
                assert (place is not None) == tested
                assert place is None or place[1] == cell["text"]
            for told in found["advice"][engine].values():
                assert told in shown
        for failure in found["failures"]:
            for field in ("title", "where", "since", "entry"):
                assert " ".join(failure[field].split()) in shown
            assert all(told in shown for told in failure["instead"])
        for cell in found["cells"]:
            assert cell["text"] in shown


def test_the_first_page_counts_operations(site: Path) -> None:
    found = document(site, "index")
    assert found["matrix"]["torch"]["RR"] == {"wrong": 1, "untested": 2}
    assert found["matrix"]["torch"]["R"] == {"kills": 1, "untested": 2}
    assert found["totals"]["worker_seconds"] == 150.0
    assert found["totals"]["certified_cases"] == 19
    assert found["totals"]["cells"] == sum(
        c["cells"]
        for name in made.OPERATIONS
        for c in document(site, f"operations/{name}")["coverage"].values()
    )
    shown = text_of(site / "index.html")
    assert "19 different cases with a certified derivative" in shown
    assert f"{found['totals']['untested']:,} are untested" in shown
    assert "casadi was not asked: casadi is not installed" in shown
    assert "torch.linalg.det" in found["operations"]["det"]["names"]


def test_a_page_of_an_engine_counts_operations_by_order(site: Path) -> None:
    found = document(site, "engines/torch")
    assert found["by_order"] == {
        "1": {"kills": 1, "untested": 2},
        "2": {"wrong": 1, "untested": 2},
        "3": {"untested": 3},
        "all": {"wrong": 1, "kills": 1, "untested": 1},
    }
    assert found["by_operation"]["det"]["modes"] == {"RR": "wrong 4 of 10", "RF": "wrong 4 of 5"}


def test_every_link_leads_somewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        for tag, name, value in Elements(path.read_text()).attributes:
            if name != "href" or value.startswith(("data:", "https://")):
                continue
            target, _, anchor = unquote(value).partition("#")
            file = (path.parent / target).resolve() if target else path
            assert file.is_file(), (path, tag, value)
            if anchor and file.suffix == ".html":
                assert f'id="{anchor}"' in file.read_text(), (path, value)


def test_nothing_is_loaded_from_the_network(site: Path) -> None:
    for path in site.rglob("*.html"):
        found = Elements(path.read_text())
        loaded = [
            (tag, value)
            for tag, name, value in found.attributes
            if name in ("src", "href", "srcset") and tag != "a"
        ]
        assert all(value in ("data:,", "atlas.css", "../atlas.css") for _, value in loaded)
        assert {tag for tag, _ in found.tags}.isdisjoint(
            {"img", "iframe", "object", "base", "form"}
        )
    assert not re.search(r"@import|url\(", (site / "atlas.css").read_text())


def test_tables_can_be_read_aloud(site: Path) -> None:
    for path in site.rglob("*.html"):
        found = Elements(path.read_text())
        names = [tag for tag, _ in found.tags]
        assert names.count("table") == names.count("caption") > 0
        assert all("scope" in attributes for tag, attributes in found.tags if tag == "th")
        ids = [value for _, name, value in found.attributes if name == "id"]
        assert len(ids) == len(set(ids))
        assert ("html", "lang", "en") in found.attributes


def test_links_and_pages_stay_the_same(site: Path, tmp_path: Path) -> None:
    write_site(made.write(tmp_path), tmp_path)
    names = {path.relative_to(site) for path in site.rglob("*") if "campaign" not in path.parts}
    assert names == {
        p.relative_to(tmp_path) for p in tmp_path.rglob("*") if "campaign" not in p.parts
    }
    for name in names:
        if (site / name).is_file():
            assert (site / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_the_case_of_a_failure_is_a_file(site: Path) -> None:
    for failure in document(site, "operations/det")["failures"]:
        stored = json.loads((site / failure["example"]["case"]).read_text())
        assert stored["steps"][0]["operation"] == "det"
        assert "torch.linalg.det" in failure["example"]["script"]


def test_hostile_messages_are_text(tmp_path: Path) -> None:
    plain, hostile = tmp_path / "plain", tmp_path / "hostile"
    write_site(made.write(plain, "A"), plain)
    write_site(made.write(hostile, HOSTILE), hostile)
    for path in plain.rglob("*.html"):
        one = Elements(path.read_text())
        other = Elements((hostile / path.relative_to(plain)).read_text())
        assert [tag for tag, _ in other.tags] == [tag for tag, _ in one.tags], path
        assert [name for _, name, _ in other.attributes if name.startswith("on")] == []
    assert "window.hacked=1</script>" in text_of(hostile / "operations/det.html")


@pytest.mark.parametrize("name", ["../../outside", "a/b", "UPPER", "x\ny"])
def test_a_name_of_an_engine_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = made.write(tmp_path)
    path = tmp_path / "campaign" / "run.json"
    path.write_text(path.read_text().replace('"inhouse": "0.1.0"', f'{json.dumps(name)}: "1"'))
    with pytest.raises(StoreError, match="is no name of an engine"):
        write_site(folder, tmp_path)


def test_an_id_of_a_case_leads_nowhere_else(tmp_path: Path) -> None:
    shutil.copytree(Path(made.write(tmp_path / "made").path), tmp_path / "campaign")
    journal = tmp_path / "campaign" / "journal"
    journal.mkdir(exist_ok=True)
    case = made.case(0, "FF")
    rows = [
        {"cases": {"number": 901, "origin": "atlas", "name": "det", "situations": ["general"],
                   "id": "../../x", "json": case.json, "word": "FF", "operator": "jacobian",
                   "dtype": "float64", "signature": "mat_to_num", "operations": ["det"],
                   "steps": 1, "truth": "certified", "reason": ""}},
        {"verdicts": {"number": 901, "engine": "torch", "verdict": "not_finite",
                      "again": "not_finite", "severity": "not finite", "error": "none",
                      "finding": "torch-901.json"}},
    ]  # fmt: skip
    (journal / "00000002.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with pytest.raises(StoreError, match="is no id of a case"):
        write_site(Folder(str(tmp_path / "campaign")), tmp_path)


def test_all_words_are_explained_on_every_page(site: Path) -> None:
    for path in site.rglob("*.html"):
        shown = text_of(path)
        assert all(meaning in shown for meaning in WORDS.values())


def test_pages_name_the_meaning_of_the_operation(site: Path) -> None:
    assert document(site, "operations/det")["meaning"] == CATALOGUE["det"].meaning


def test_the_document_has_the_words_of_the_pages() -> None:
    text = (Path(__file__).parents[3] / "docs" / "atlas.md").read_text(encoding="utf-8")
    for name, meaning in {**WORDS, **MEANINGS}.items():
        assert f"| {name} | {meaning} |" in text

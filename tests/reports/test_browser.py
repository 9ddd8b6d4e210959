"""The page in a real browser: what it does by click and by key, how it looks, and that it runs
nothing but its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.reports.nightly.page import render

from tests import made_runs
from tests.made_runs import HOSTILE, SINE, bucket
from tests.reports import browser
from tests.reports.browser import CONTRAST, UNFOLD, load, show


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from browser.started(str(tmp_path_factory.mktemp("profile")))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of a page and of one of hostile names."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for kind, name in (("plain", ""), ("hostile", HOSTILE)):
        run = made_runs.write(folder / kind / "run", name=name)
        path = folder / f"{kind}.html"
        path.write_text(render(made_runs.report_of(run, name)), encoding="utf-8")
        made[kind] = path.as_uri()
    many = folder / "many.html"
    report = made_runs.report_of(run)
    many.write_text(render(replace(report, buckets=tuple(map(_one_of_many, range(900))))))
    made["many"] = many.as_uri()
    return made


def _one_of_many(k: int) -> Any:
    """Bucket k of a large page: one in three is of jax, one in five new, one in seven of det."""
    return bucket(
        id=f"b{k}",
        name=f"name {k:03}",
        engine="torch" if k % 3 else "jax",
        status="known" if k % 5 else "new",
        operations=("sin",) if k % 7 else ("det", "sin"),
        severity="value" if k % 2 else "sign",
        summary=f"the sum of {k:03}",
        message="a long message of a compiler " * 100,
        count=k,
    )


@pytest.fixture
def page(driver: Any, pages: dict[str, str]) -> Iterator[Any]:
    """The page, freshly loaded; nothing may have been complained of when the test is over."""
    load(driver, pages["plain"])
    yield driver
    show(driver)
    assert driver.get_log("browser") == []


def _cell(driver: Any, place: str = "1-1") -> Any:
    return driver.find_element("css selector", f"a[data-cell='{place}']")


def _drill(driver: Any) -> str:
    return str(driver.find_element("id", "drill").text)


def test_a_click_opens_a_cell_and_another_closes_it(page: Any) -> None:
    assert _drill(page) == ""
    _cell(page).click()
    told = _drill(page)
    assert "torch, mode FF" in told
    assert (
        "num_to_vec ▲ 1 3 1 3 10 2 0 3 wrong (known), 1 not finite (new), 1 timeout (flaky)"
        in told.splitlines()
    )
    assert "sin ▲ 1 3 1 3 10 2 0" in told
    _cell(page, "0-0").click()
    assert "inhouse, mode R" in _drill(page)
    assert _cell(page).get_attribute("aria-expanded") == "false"
    _cell(page, "0-0").click()
    assert _drill(page) == ""


@pytest.mark.parametrize("key", ["\ue007", " "], ids=["enter", "space"])
def test_keys_open_a_cell_and_lead_back(page: Any, key: str) -> None:
    page.execute_script("document.querySelector('nav a:last-child').focus()")
    for _ in range(40):
        page.switch_to.active_element.send_keys("\ue004")
        if page.switch_to.active_element.get_attribute("data-cell") == "1-1":
            break
    page.switch_to.active_element.send_keys(key)
    assert "torch, mode FF" in _drill(page)
    assert page.switch_to.active_element.get_attribute("id") == "drill"
    page.switch_to.active_element.send_keys("\ue00c")
    assert _drill(page) == ""
    assert page.switch_to.active_element.get_attribute("data-cell") == "1-1"


def test_operations_are_filtered(page: Any) -> None:
    _cell(page).click()
    page.find_element("id", "filter").send_keys("ad")
    lines = _drill(page).splitlines()
    assert any(line.startswith("add ") for line in lines)
    assert not any(line.startswith("sin ") for line in lines)
    # The signatures stay.
    assert any(line.startswith("num_to_vec ") for line in lines)


def test_every_anchor_leads_to_something_that_is_shown(page: Any) -> None:
    anchors = page.execute_script(
        "return [...new Set([...document.querySelectorAll('a[href^=\"#\"]')].map((a) => "
        "a.getAttribute('href')))]"
    )
    assert len(anchors) > 15
    for anchor in anchors:
        assert page.execute_async_script(
            """
            const [anchor, done] = arguments;
            const look = () => {
              const target = document.getElementById(anchor.slice(1));
              done(Boolean(target && target.checkVisibility({ contentVisibilityAuto: true })));
            };
            const frames = () => requestAnimationFrame(() => requestAnimationFrame(look));
            addEventListener("hashchange", frames, { once: true });
            location.hash = anchor;
            """,
            anchor,
        ), anchor


def test_an_address_of_a_bucket_unfolds_it(driver: Any, pages: dict[str, str]) -> None:
    load(driver, f"{pages['plain']}#bucket-torch-5")
    # A known one, in a folded group.
    bucket = driver.find_element("id", "bucket-torch-5")
    assert bucket.get_attribute("open")
    assert "torch.func.jacrev" in bucket.text


def test_hostile_names_run_nothing(driver: Any, pages: dict[str, str]) -> None:
    load(driver, pages["hostile"])
    driver.execute_script(UNFOLD)
    for cell in driver.find_elements("css selector", "a[data-cell]"):
        driver.execute_script("arguments[0].click()", cell)
        told = driver.execute_script("return document.getElementById('drill').textContent")
        assert ", mode " in told
        assert driver.find_elements("css selector", "#drill img, #drill script, #drill a") == []
    assert HOSTILE in driver.execute_script("return document.body.textContent")
    assert driver.execute_script("return window.hacked") is None
    assert driver.get_log("browser") == []


def test_the_policy_stops_what_should_ever_slip_through(
    driver: Any, pages: dict[str, str], tmp_path: Path
) -> None:
    text = Path(pages["plain"].removeprefix("file://")).read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(
        text.replace("<main>", "<main><script>window.hacked=1</script>"), encoding="utf-8"
    )
    load(driver, broken.as_uri())
    assert driver.execute_script("return window.hacked") is None
    assert "Content Security Policy" in driver.get_log("browser")[0]["message"]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("kind", ["plain", "hostile", "many"])
def test_a_page_does_not_scroll_sideways(
    driver: Any, pages: dict[str, str], kind: str, width: int
) -> None:
    load(driver, pages[kind], width=width)
    driver.execute_script(UNFOLD)
    _cell(driver).click()
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    # Nothing in the bar of filters covers its neighbour.
    boxes = driver.execute_script(
        "return [...document.querySelectorAll('#filters select, #filters input')].map((e) => "
        "{ const b = e.getBoundingClientRect(); return [b.left, b.right, b.top, b.bottom]; })"
    )
    assert len(boxes) == 6
    for k, (left, right, top, bottom) in enumerate(boxes):
        assert right <= width
        for other in boxes[k + 1 :]:
            apart = other[0] >= right or other[1] <= left
            assert apart or other[2] >= bottom or other[3] <= top
    table = driver.find_element("css selector", ".matrix")
    assert table.size["width"] > 0
    assert driver.get_log("browser") == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_legible(page: Any, pages: dict[str, str], scheme: str, width: int) -> None:
    load(page, pages["plain"], width=width)
    show(page, scheme=scheme)
    page.execute_script(UNFOLD)
    _cell(page).click()
    found = page.execute_script(CONTRAST)
    assert len(found) > 300
    assert [pair for pair in found if pair[0] < 4.5] == []
    ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(20, 23, 26)") == (scheme == "dark")


def test_print_shows_what_is_folded(page: Any) -> None:
    seen = (
        "return arguments[0].checkVisibility({ contentVisibilityAuto: true }) && "
        "arguments[0].offsetHeight > 0"
    )
    script = page.find_element("css selector", "#bucket-torch-5 .script")
    table = page.find_element("css selector", "#accuracy details table")
    assert not page.execute_script(seen, script)
    show(page, media="print")
    assert page.execute_script(seen, script)
    assert page.execute_script(seen, table)
    assert not page.execute_script(seen, page.find_element("css selector", "nav"))
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def _seen(driver: Any) -> list[str]:
    """The names of the buckets that are not filtered out, from top to bottom."""
    return list(
        driver.execute_script(
            "return [...document.querySelectorAll('.bucket')].filter((b) => !b.closest('[hidden]'))"
            ".map((b) => b.querySelector('.who').textContent.match(/name (\\d+)/)[1])"
        )
    )


def _choose(driver: Any, field: str, value: str) -> None:
    driver.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))",
        driver.find_element("id", field),
        value,
    )


def test_buckets_are_searched_filtered_and_sorted(driver: Any, pages: dict[str, str]) -> None:
    load(driver, pages["many"])
    everything = _seen(driver)
    assert len(everything) > 500
    _choose(driver, "by-engine", "jax")
    assert _seen(driver) == [name for name in everything if int(name) % 3 == 0]
    _choose(driver, "by-status", "new")
    _choose(driver, "by-operation", "det")
    assert _seen(driver) == ["000", "105", "210", "315", "420", "525", "630", "735", "840"]
    _choose(driver, "by-severity", "value")
    assert _seen(driver) == ["105", "315", "525", "735"]
    told = driver.find_element("css selector", "#filters output").text
    assert told == f"4 of {len(everything)} buckets"
    _choose(driver, "order", "most findings")
    assert _seen(driver) == ["735", "525", "315", "105"]
    _choose(driver, "order", "worst first")
    driver.find_element("id", "search").send_keys("SUM 315")
    assert _seen(driver) == ["315"]
    # The group without any bucket left is not shown.
    assert not driver.find_element("id", "known").is_displayed()


def test_a_link_to_a_bucket_is_seen_and_leads_to_it_through_any_filter(
    driver: Any, pages: dict[str, str]
) -> None:
    load(driver, pages["many"])
    link = driver.find_element("css selector", "#bucket-b0 .permalink")
    assert link.is_displayed()
    link.click()
    assert driver.execute_script("return location.hash") == "#bucket-b0"
    _choose(driver, "by-engine", "torch")
    assert not driver.find_element("id", "bucket-b3").is_displayed()
    driver.execute_script("location.hash = 'bucket-b3'")
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    assert driver.find_element("id", "bucket-b3").is_displayed()
    assert driver.find_element("id", "by-engine").get_attribute("value") == ""


def test_a_case_can_be_downloaded(driver: Any, pages: dict[str, str], tmp_path: Path) -> None:
    load(driver, f"{pages['plain']}#bucket-torch-0")
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    driver.find_element("css selector", "#bucket-torch-0 a[download]").click()
    path = tmp_path / "case-torch-0.json"
    for _ in range(100):
        if path.exists():
            break
        time.sleep(0.1)
    assert path.read_text() == f"{SINE.json}\n"
    command = driver.find_elements("css selector", "#bucket-torch-0 .command")[0].text
    assert command == "ad-conformance replay case-torch-0.json --engine torch"
    assert driver.get_log("browser") == []


def test_a_large_page_is_painted_within_a_second(driver: Any, pages: dict[str, str]) -> None:
    assert Path(pages["many"].removeprefix("file://")).stat().st_size < 1_000_000
    load(driver, pages["many"])
    # The entry appears after the page is loaded.
    for _ in range(100):
        painted = driver.execute_script(
            "return performance.getEntriesByName('first-contentful-paint').map((e) => e.startTime)"
        )
        if painted:
            break
        time.sleep(0.1)
    assert len(painted) == 1
    assert painted[0] < 1000


def test_the_words_are_explained(page: Any) -> None:
    legend = page.find_element("id", "legend")
    assert "a root cause with its findings" not in legend.text
    legend.find_element("css selector", "summary").click()
    assert "bucket\na root cause with its findings" in legend.text

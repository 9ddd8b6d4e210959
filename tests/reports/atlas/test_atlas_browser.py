"""The atlas in a real browser: the search, how it looks, and that it needs no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.reports.atlas.site import write_site

from tests.made_runs import HOSTILE
from tests.reports import browser
from tests.reports.atlas import made
from tests.reports.browser import CONTRAST, UNFOLD, load, show

#: When something of the page was first seen, in milliseconds after the address was opened.
PAINTED = """
const done = arguments[0];
new PerformanceObserver((list, observer) => {
  const first = list.getEntriesByName("first-contentful-paint");
  if (first.length) done(first[0].startTime);
}).observe({ type: "paint", buffered: true });
"""
PAGES = ("index", "operations/det", "operations/sin", "engines/torch")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from browser.started(str(tmp_path_factory.mktemp("profile")))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("atlas")
    write_site(made.write(out), out)
    return out


def address(site: Path, name: str) -> str:
    return (site / f"{name}.html").as_uri()


def test_the_search_finds_operations_by_their_names_and_by_those_of_engines(
    driver: Any, site: Path
) -> None:
    load(driver, address(site, "index"))
    for wanted, first in (("det", "det"), ("torch.linalg.det", "det"), ("TORCH.SIN", "sin")):
        search = driver.find_element("id", "search")
        search.clear()
        search.send_keys(wanted)
        hits = driver.find_elements("css selector", "#hits a")
        assert hits[0].text == first
    assert "torch kills" in driver.find_element("id", "hits").text
    assert driver.find_element("id", "found").text.endswith(("operation", "operations"))
    driver.find_element("id", "search").send_keys("\ue007")
    assert driver.current_url == address(site, "operations/sin")
    assert driver.get_log("browser") == []


def test_a_search_for_nothing_that_is_there_says_so(driver: Any, site: Path) -> None:
    load(driver, address(site, "index"))
    driver.find_element("id", "search").send_keys("no such operation")
    assert driver.find_element("id", "found").text.startswith("no operation has this")
    assert driver.find_elements("css selector", "#hits li") == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_does_not_scroll_sideways(driver: Any, site: Path, name: str, width: int) -> None:
    load(driver, address(site, name), width=width)
    driver.execute_script(UNFOLD)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    # The style is loaded: its width ends the text.
    assert driver.execute_script("return getComputedStyle(document.body).marginTop") == "0px"
    assert driver.get_log("browser") == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_all_text_is_legible(driver: Any, site: Path, name: str, scheme: str, width: int) -> None:
    load(driver, address(site, name), width=width)
    show(driver, scheme=scheme)
    driver.execute_script(UNFOLD)
    found = driver.execute_script(CONTRAST)
    assert len(found) > 60
    assert [pair for pair in found if pair[0] < 4.5] == []
    ground = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(20, 23, 26)") == (scheme == "dark")


def test_print_shows_what_is_folded(driver: Any, site: Path) -> None:
    load(driver, address(site, "operations/det"))
    seen = (
        "return arguments[0].checkVisibility({ contentVisibilityAuto: true }) && "
        "arguments[0].offsetHeight > 0"
    )
    script = driver.find_element("css selector", "#torch-wrong .script")
    assert not driver.execute_script(seen, script)
    show(driver, media="print")
    assert driver.execute_script(seen, script)
    assert driver.execute_script(seen, driver.find_element("css selector", "#cells-torch table"))
    assert driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    show(driver)


def test_an_address_of_a_failure_leads_to_it(driver: Any, site: Path) -> None:
    load(driver, f"{address(site, 'engines/torch')}")
    driver.find_element("css selector", "a[href$='operations/det.html#torch-wrong']").click()
    assert driver.current_url == f"{address(site, 'operations/det')}#torch-wrong"
    failure = driver.find_element("id", "torch-wrong")
    assert failure.is_displayed()
    assert "only at singular" in failure.text


def test_hostile_names_run_nothing(driver: Any, tmp_path: Path) -> None:
    write_site(made.write(tmp_path, HOSTILE), tmp_path)
    for name in PAGES:
        load(driver, address(tmp_path, name))
        driver.execute_script(UNFOLD)
        assert driver.execute_script("return window.hacked") is None
        assert driver.find_elements("css selector", "img") == []
        assert driver.get_log("browser") == []


def test_the_policy_stops_what_should_ever_slip_through(
    driver: Any, site: Path, tmp_path: Path
) -> None:
    text = (site / "operations/det.html").read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace("<main>", "<main><script>window.hacked=1</script>"))
    load(driver, broken.as_uri())
    assert driver.execute_script("return window.hacked") is None
    assert any("Content Security Policy" in row["message"] for row in driver.get_log("browser"))


@pytest.mark.slow
def test_a_full_atlas_is_small_and_painted_within_a_second(driver: Any, tmp_path: Path) -> None:
    write_site(made.write_full(tmp_path), tmp_path)
    largest = max(tmp_path.rglob("*.html"), key=lambda path: path.stat().st_size)
    assert largest.stat().st_size < 1_000_000
    for path in (largest, tmp_path / "index.html"):
        load(driver, path.as_uri())
        painted = driver.execute_async_script(PAINTED)
        assert painted < 1000, path

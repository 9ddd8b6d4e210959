"""The page in a real browser: what it does by click and by key, how it looks, and that it runs
nothing but its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ad_conformance.reports.nightly.page import render

from tests import made_runs
from tests.made_runs import HOSTILE

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not BROWSER or not DRIVER:
    pytest.skip("chromium and chromedriver are not both on the path", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking "
    "--disable-component-update --disable-sync"
)
UNFOLD = "for (const d of document.querySelectorAll('details')) d.open = true;"
#: Of every element with text of its own that is seen: the contrast with what it stands on, as WCAG
#: 2 defines it.
CONTRAST = """
const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const rgba = (text) => {
  const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
  return [r, g, b, a];
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgba(getComputedStyle(at).backgroundColor);
    if (colour[3] === 1) return colour;
    if (colour[3] !== 0) throw new Error(`half transparent: ${at.outerHTML.slice(0, 80)}`);
  }
  throw new Error("nothing to stand on");
};
const found = [];
for (const element of document.body.querySelectorAll("*")) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const visible = { contentVisibilityAuto: true, opacityProperty: true };
  if (!own || !element.checkVisibility(visible)) continue;
  if (["SCRIPT", "NOSCRIPT", "STYLE"].includes(element.tagName)) continue;
  const style = getComputedStyle(element);
  const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
  const [low, high] = [luminance(ink), luminance(ground(element))].sort((a, b) => a - b);
  found.push([(high + 0.05) / (low + 0.05), element.outerHTML.slice(0, 120)]);
}
return found;
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield made
    made.quit()


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
    return made


@pytest.fixture
def page(driver: Any, pages: dict[str, str]) -> Iterator[Any]:
    """The page, freshly loaded; nothing may have been complained of when the test is over."""
    _load(driver, pages["plain"])
    yield driver
    _show(driver)
    assert driver.get_log("browser") == []


def _load(driver: Any, address: str, width: int = 1280) -> None:
    _show(driver)
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    # Another place in the same page would not load it again.
    driver.get("about:blank")
    driver.get(address)


def _show(driver: Any, media: str = "screen", scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    # What is skipped and what is not is decided with a frame, not with the style.
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


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
    _load(driver, f"{pages['plain']}#bucket-torch-5")
    # A known one, in a folded group.
    bucket = driver.find_element("id", "bucket-torch-5")
    assert bucket.get_attribute("open")
    assert "torch.func.jacrev" in bucket.text


def test_hostile_names_run_nothing(driver: Any, pages: dict[str, str]) -> None:
    _load(driver, pages["hostile"])
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
    _load(driver, broken.as_uri())
    assert driver.execute_script("return window.hacked") is None
    assert "Content Security Policy" in driver.get_log("browser")[0]["message"]


@pytest.mark.parametrize("kind", ["plain", "hostile"])
def test_a_narrow_page_does_not_scroll_sideways(
    driver: Any, pages: dict[str, str], kind: str
) -> None:
    _load(driver, pages[kind], width=390)
    driver.execute_script(UNFOLD)
    _cell(driver).click()
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
    table = driver.find_element("css selector", ".matrix")
    assert table.size["width"] > 0
    assert driver.get_log("browser") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_legible(page: Any, scheme: str) -> None:
    _show(page, scheme=scheme)
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
    _show(page, media="print")
    assert page.execute_script(seen, script)
    assert page.execute_script(seen, table)
    assert not page.execute_script(seen, page.find_element("css selector", "nav"))
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")

"""A browser for tests of pages: what it is, how it loads a page, and whether text is legible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
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


def started(profile: str) -> Iterator[Any]:
    """A browser with a profile in that folder; the test is skipped if there is none."""
    if not BROWSER or not DRIVER:
        pytest.skip("chromium and chromedriver are not both on the path")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS.split(), f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield made
    made.quit()


def load(driver: Any, address: str, width: int = 1280) -> None:
    show(driver)
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    # Another place in the same page would not load it again.
    driver.get("about:blank")
    driver.get(address)


def show(driver: Any, media: str = "screen", scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    # What is skipped and what is not is decided with a frame, not with the style.
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

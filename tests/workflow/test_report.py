"""The report in a real browser, from disk, with every host name unknown to it."""

import base64
import io
import json
import re
import shutil
from urllib.parse import unquote

import pandas as pd
import pytest
from matplotlib.image import imread
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from helpers import PATIENCE, needs, run_in
from small import CONFIGS, environment

needs_chromium = needs("chromium", "chromedriver", package="chromium chromium-driver")
CATEGORIES = {
    "Test error": 2,
    "Masks": 3,
    "Random labels": 2,
    "Mask anatomy": 1,
    "Claims": 2,
    "Study": 1,
    "Verdicts": 1,
}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


@pytest.fixture(scope="module")
def report(finished):
    """The study `small` as one HTML file."""
    path = finished / "report.html"
    command = ["snakemake", *CONFIGS, "--report", path, "--", "describe"]
    said = run_in(finished, *command, env=environment()).stdout
    assert "Warning" not in said
    return path


@pytest.fixture(scope="module")
def browser():
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for switch in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
        "host-resolver-rules=MAP * ~NOTFOUND",
        "window-size=1300,900",
    ):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver)) as opened:
        yield opened


def wait(browser, condition):
    """Wait until the condition gives something, and return that."""
    return WebDriverWait(browser, PATIENCE).until(lambda _: condition())


def click(browser, text):
    """Click the menu entry or button of this text."""

    def displayed():
        found = browser.find_elements(By.XPATH, f"//*[normalize-space(text())='{text}']")
        return [element for element in found if element.is_displayed()]

    wait(browser, displayed)[0].click()


def entries(browser, button):
    """The buttons (eye: show, information-circle: caption) of a category's entries."""
    return browser.find_elements(By.CSS_SELECTOR, f"a[iconname='{button}']")


def opened(browser, tag, before) -> tuple:
    """Wait for a picture (img) or page (iframe) other than the one before; return it, as read."""

    def fresh():
        for element in browser.find_elements(By.TAG_NAME, tag):
            kind, _, content = element.get_attribute("src").partition("base64,")
            # The browser spells the line ends between the pieces of the first page: %20.
            content = base64.b64decode(unquote(content))
            if kind.startswith(("data:image/png", "data:text/html")) and content != before:
                return element, content
        return None

    return wait(browser, fresh)


def requests(browser) -> list[str]:
    """The addresses that pages asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


@needs_chromium
def test_the_report_shows_everything_from_disk_alone(report, browser, finished):
    browser.get(report.as_uri())
    # The menu changes its width in steps: a click would meet the button that slides under it.
    browser.execute_script(
        "document.head.appendChild(document.createElement('style'))"
        ".textContent = '* { transition: none !important }'"
    )
    verdicts = r"Of \d+ statements: \d+ supported, "
    wait(browser, lambda: re.search(verdicts, browser.find_element(By.TAG_NAME, "body").text))
    assert "System Message" not in report.read_text(errors="replace")
    # The first page shows the picture of the claims, which is an entry of the menu, too.
    before = opened(browser, "img", None)[1]
    shown = []
    for category, count in CATEGORIES.items():

        def listed(count=count):
            captions = entries(browser, "information-circle")
            return len(captions) == count and list(
                zip(captions, entries(browser, "eye"), strict=True)
            )

        for index in range(count):
            click(browser, category)
            caption, _ = wait(browser, listed)[index]
            caption.click()
            wait(browser, lambda: "DESCRIPTION" in browser.find_element(By.TAG_NAME, "nav").text)
            click(browser, category)
            _, eye = wait(browser, listed)[index]
            eye.click()
            if category in ("Claims", "Study"):
                frame, content = opened(browser, "iframe", before)
                browser.switch_to.frame(frame)
                wait(browser, lambda: browser.find_elements(By.TAG_NAME, "table"))
                browser.switch_to.default_content()
            else:
                image, content = opened(browser, "img", before)
                pixels = imread(io.BytesIO(content))
                assert pixels[..., :3].std() > 0.05, f"{category} {index} is blank"
                width = wait(browser, lambda image=image: image.get_property("naturalWidth"))
                assert width == pixels.shape[1] > 900
            shown.append(content)
            before = content
        click(browser, "Results")
    files = [*finished.glob("figures/small/*.png"), *finished.glob("results/small/report/*.html")]
    assert sorted(shown) == sorted(file.read_bytes() for file in files) and len(files) == 12
    asked = requests(browser)
    assert asked and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == []


@needs_chromium
def test_the_claims_can_be_read_and_sorted(report, browser, finished):
    table = pd.read_csv(finished / "results/small/tables/claims.csv", dtype={"claim": str})
    browser.get((finished / "results/small/report/claims.html").as_uri())
    rows = browser.find_elements(By.CSS_SELECTOR, "#claims tbody tr")
    cells = [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in rows]
    assert [row[0] for row in cells] == table["claim"].tolist()
    assert [row[2] for row in cells] == table["statement"].tolist()
    assert [row[1] for row in cells] == table["verdict"].tolist()
    numbers = [int(row[5]) for row in cells]
    click(browser, "n")
    column = "#claims tbody td:nth-child(6)"
    after = [int(cell.text) for cell in browser.find_elements(By.CSS_SELECTOR, column)]
    assert after == sorted(numbers) and len(set(numbers)) > 1
    click(browser, "n")
    after = [int(cell.text) for cell in browser.find_elements(By.CSS_SELECTOR, column)]
    assert after == sorted(numbers, reverse=True)


@needs_chromium
def test_pages_fit_a_phone(report, browser, finished):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    for name in ("claims", "published", "versions"):
        browser.get((finished / f"results/small/report/{name}.html").as_uri())
        # Tables scroll by themselves; the page does not.
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, name

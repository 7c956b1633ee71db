"""The report in a real browser, from disk, with every host name unknown to it."""

import base64
import contextlib
import io
import json
import os
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread
from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    NoSuchFrameException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from helpers import run_in
from small import CONFIGS, environment, snakemake

pytestmark = pytest.mark.workflow
# Where screenshots are left to be looked at, if anywhere.
SCREENSHOTS = os.environ.get("REPORT_SCREENSHOTS")
CATEGORIES = {
    "Test error": 2,
    "Masks": 3,
    "Random labels": 2,
    "Mask anatomy": 1,
    "Claims": 2,
    "Study": 1,
}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


@pytest.fixture(scope="module")
def report(finished):
    """The study `small` as one HTML file."""
    snakemake(finished, "--cores", "2", target="describe")
    path = finished / "report.html"
    run_in(finished, "snakemake", *CONFIGS, "--report", path, "--", "describe", env=environment())
    return path


@pytest.fixture
def browser():
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert program and driver, "this test needs Debian's chromium and chromium-driver"
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


def press(browser, find, then=lambda: True):
    """Click what `find` finds, once nothing moves over it, until `then`; return what that gives.

    The report loses a click that comes while it redraws its menu: it is clicked again.
    """
    passing = (ElementClickInterceptedException, StaleElementReferenceException, IndexError)

    def pressed(_):
        find().click()
        return True

    for patience in (4, 4, 4, 20):
        WebDriverWait(browser, 20, ignored_exceptions=passing).until(pressed)
        with contextlib.suppress(TimeoutException):
            return WebDriverWait(browser, patience, ignored_exceptions=passing).until(
                lambda _: then()
            )
    raise AssertionError("clicked four times, and nothing came of it")


def click(browser, text, then=lambda: True):
    """Click the menu entry or button of this text; as `press`."""

    def find():
        found = browser.find_elements(By.XPATH, f"//*[normalize-space(text())='{text}']")
        return [element for element in found if element.is_displayed()][0]

    press(browser, find, then)


def entries(browser, button):
    """The buttons (eye: show, information-circle: caption) of a category's entries."""
    return browser.find_elements(By.CSS_SELECTOR, f"a[iconname='{button}']")


def frames(browser):
    """The frames that show a page."""
    return browser.find_elements(By.TAG_NAME, "iframe")


def pictures(browser):
    """The figures shown, once they have been read."""
    return [
        element
        for element in browser.find_elements(By.TAG_NAME, "img")
        if element.get_attribute("src").startswith("data:image/png")
        and element.get_property("naturalWidth")
    ]


def look(browser, name):
    if SCREENSHOTS:
        time.sleep(0.5)
        browser.save_screenshot(str(Path(SCREENSHOTS) / f"{name}.png"))


def wait(browser, condition):
    passing = (NoSuchFrameException, StaleElementReferenceException)
    return WebDriverWait(browser, 20, ignored_exceptions=passing).until(lambda _: condition())


def page(browser):
    """Go into the frame of the page shown, which the report may replace while it is read."""

    def inside():
        browser.switch_to.default_content()
        for frame in frames(browser):
            browser.switch_to.frame(frame)
        return browser.find_elements(By.TAG_NAME, "table")

    wait(browser, inside)


def requests(browser) -> list[str]:
    """The addresses that pages asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def test_the_report_shows_everything_from_disk_alone(report, browser, finished):
    browser.get(report.as_uri())
    wait(browser, lambda: "small" in browser.find_element(By.TAG_NAME, "body").text)
    look(browser, "home")
    shown = 0
    for category, count in CATEGORIES.items():

        def listed(count=count):
            return len(entries(browser, "eye")) == count

        click(browser, category, listed)
        look(browser, category)
        for index in range(count):
            press(
                browser,
                lambda index=index: entries(browser, "information-circle")[index],
                lambda: "DESCRIPTION" in browser.find_element(By.TAG_NAME, "body").text,
            )
            look(browser, f"{category}-{index}-caption")
            click(browser, category, listed)
            is_page = category in ("Claims", "Study")
            found = press(
                browser,
                lambda index=index: entries(browser, "eye")[index],
                lambda is_page=is_page: frames(browser) if is_page else pictures(browser),
            )
            if is_page:
                page(browser)
                look(browser, f"{category}-{index}")
                browser.switch_to.default_content()
            else:
                [image] = found
                content = base64.b64decode(image.get_attribute("src").partition(",")[2])
                pixels = imread(io.BytesIO(content))
                assert pixels[..., :3].std() > 0.05, f"{category} {index} is blank"
                assert image.get_property("naturalWidth") == pixels.shape[1] > 900
                look(browser, f"{category}-{index}")
                shown += 1
        click(browser, "Results")
    assert shown == 8
    asked = requests(browser)
    assert asked and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == []


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


@pytest.mark.parametrize("name", ["claims", "published", "versions"])
def test_pages_fit_a_phone(report, browser, finished, name):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    browser.get((finished / f"results/small/report/{name}.html").as_uri())
    look(browser, f"phone-{name}")
    # Tables scroll by themselves; the page does not.
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390


def test_captions_state_study_runs_and_verdicts(report, finished):
    table = pd.read_csv(finished / "results/small/tables/claims.csv", dtype={"claim": str})
    for figure, rows in table.groupby("figure"):
        text = (finished / f"results/small/report/{figure}.rst").read_text()
        assert "Study *small*" in text and ("runs" in text or "mask files" in text)
        for row in rows.itertuples():
            assert f"{row.statement} **{row.verdict.capitalize()}** (n = {row.n})" in text

"""The page and the report in a real browser, from disk, with every host name unknown to it."""

import base64
import io
import json
import re
import shutil
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from helpers import PATIENCE, needs, run_in
from small import CONFIGS, environment

needs_chromium = needs("chromium", "chromedriver", package="chromium chromium-driver")
CATEGORIES = {
    "Test error": 2,
    "Masks": 4,
    "Random labels": 2,
    "Mask anatomy": 1,
    "Study": 1,
    "The page": 1,
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


def assert_alone(browser) -> None:
    """Check that pages asked for nothing beyond the disk and met no error."""
    asked = requests(browser)
    assert asked and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == []


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
    before, shown = None, []
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
            if category in ("The page", "Study"):
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
    pages = [finished / "results/small/report/versions.html", finished / "figures/small/index.html"]
    files = [*(f for f in finished.glob("figures/small/*.png") if f.stem != "claims"), *pages]
    assert sorted(shown) == sorted(file.read_bytes() for file in files) and len(files) == 11
    assert_alone(browser)


@pytest.fixture
def page(finished, browser):
    """The page of the study `small`, opened."""
    browser.get((finished / "figures/small/index.html").as_uri())
    return browser


@needs_chromium
def test_the_page_has_every_statement_and_the_runs_of_every_point(page, finished):
    claims = pd.read_csv(finished / "results/small/tables/claims.csv", index_col="name")
    rows = page.find_elements(By.CSS_SELECTOR, ".statements tbody tr")
    assert sorted(row.get_attribute("id") for row in rows) == sorted(claims.index)
    for row in rows:
        statement = claims.loc[row.get_attribute("id")]
        assert statement["statement"] in row.text and statement["verdict"] in row.text
    runs = pd.read_csv(finished / "results/small/tables/fig1/runs.csv")
    chart = page.find_element(By.CSS_SELECTOR, "#fig1 .chart")
    point = chart.find_element(By.CSS_SELECTOR, ".s0 .point")
    page.execute_script("arguments[0].focus()", point)
    error = runs.query("sparsity == 0")["test_error"].item()
    assert f"seed 0: {error:.2f}" in chart.find_element(By.TAG_NAME, "output").text
    series = chart.find_element(By.CSS_SELECTOR, "g.series")
    chart.find_element(By.TAG_NAME, "input").click()
    assert not series.is_displayed()
    assert_alone(page)


@needs_chromium
def test_the_slider_shows_the_mask_that_the_table_has(page, finished):
    masks = pd.read_csv(finished / "figures/small/fig2.csv").set_index(["classes", "sparsity"])
    shares = masks.filter(regex=r"^p\d+$")
    slider = page.find_element(By.ID, "sparsity")
    page.find_element(By.CSS_SELECTOR, "input[name=class][value='3']").send_keys(Keys.SPACE)
    page.find_element(By.ID, "stretch").send_keys(Keys.SPACE)
    for key, sparsity in ((Keys.HOME, 50), (Keys.END, 90)):
        slider.send_keys(key)
        assert page.find_element(By.ID, "percent").text == f"{sparsity} %"
        script = "return [...arguments[0].getContext('2d').getImageData(0, 0, 28, 28).data]"
        drawn = np.reshape(page.execute_script(script, page.find_element(By.ID, "shown")), (784, 4))
        expected = shares.loc[3, sparsity].to_numpy()
        expected = (expected - expected.min()) / np.ptp(expected)
        # A byte holds a share to 1/255 of the whole range, of which a mask may use a part.
        assert np.abs(drawn[:, 0] / 255 - expected).max() < 0.02 / np.ptp(shares.loc[3, sparsity])


@needs_chromium
def test_pages_fit_a_phone(report, browser, finished):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    for name in ("figures/small/index.html", "results/small/report/versions.html"):
        browser.get((finished / name).as_uri())
        # Tables and wide pictures scroll by themselves; the page does not.
        script = (
            "return [...document.querySelectorAll('body *')]"
            ".filter(each => !each.closest('.wide, pre, section > a'))"
            ".filter(each => each.getBoundingClientRect().right > 391)"
            ".map(each => each.outerHTML.slice(0, 99))"
        )
        assert browser.execute_script(script) == [], name
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, name

"""Dagster's UI as an operator meets it: started by ``undercurrent ui`` on a finished installation, looked at in a browser."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.installation import NIGHTS, Installation

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --window-size=1600,1000"
).split()
FLOW = ("ingest", "staging", "intermediate", "analysis", "marts", "publish")
PATIENCE_SECONDS = 60
START_SECONDS = 180

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and not os.environ.get("CI"),
    reason="needs chromium and chromedriver (on Debian: apt-get install chromium chromium-driver)",
)


@pytest.fixture(scope="module")
def address(backfilled: Installation) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    folders = ["--inbox", str(backfilled.inbox), "--data", str(backfilled.data)]
    with (backfilled.folder / "ui.log").open("w") as log:
        ui = subprocess.Popen(  # noqa: S603 - our own program
            backfilled.command("ui", *folders, "--port", str(port)),
            stdout=log,
            stderr=log,
            env=backfilled.environment,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url):
            assert ui.poll() is None, (backfilled.folder / "ui.log").read_text()
            assert time.monotonic() < deadline, "the UI did not come up"
            time.sleep(0.5)
        yield url
    finally:
        # As Ctrl-C in a terminal, which every process of the UI hears.
        os.killpg(ui.pid, signal.SIGINT)
        try:
            ui.wait(30)
        except subprocess.TimeoutExpired:
            # Nothing of it may outlive the tests; whether it ends politely on a busy machine is not what they are about.
            os.killpg(ui.pid, signal.SIGKILL)
            ui.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/server_info") as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or "chromium"
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER or "chromedriver"))
    yield driver
    driver.quit()


Look = Callable[..., str]


@pytest.fixture(scope="module")
def look(address: str, browser: webdriver.Chrome, backfilled: Installation) -> Look:
    """Open a page, wait until it shows all of these words, and give back its whole text."""

    def looked(path: str, *words: str) -> str:
        browser.get(address + path)
        try:
            WebDriverWait(browser, PATIENCE_SECONDS).until(lambda page: all(word in _text(page) for word in words))
        finally:
            name = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") or "home"
            browser.save_screenshot(str(backfilled.folder / f"{name}.png"))
        return _text(browser)

    return looked


def _text(page: webdriver.Chrome) -> str:
    return page.execute_script("return document.body.innerText") or ""


def test_the_lineage_reads_from_left_to_right_as_the_data_flows(look: Look, browser: webdriver.Chrome) -> None:
    look("/asset-groups", "Global asset lineage", *FLOW)

    def place(group: str) -> float:
        # A group's name stands in the list at the left and in the graph; the graph is further right.
        found = browser.find_elements(By.XPATH, f"//*[normalize-space(text())='{group}']")
        return max((each.rect["x"] for each in found), default=0.0)

    WebDriverWait(browser, PATIENCE_SECONDS).until(lambda _: place("publish") > place("ingest"))
    places = [place(group) for group in FLOW]
    assert places == sorted(places)
    assert len(set(places)) == len(FLOW)


def test_a_landed_table_says_what_a_row_is_how_many_came_and_what_was_refused(look: Look) -> None:
    page = look("/assets/reddit/posts", "Row count", "One row per post x observation", "records quarantined", "preview")
    assert "records read" in page
    assert "inbox_files" in page
    assert "At 03:00 AM UTC" in page


def test_a_mart_says_what_a_row_is_how_many_there_are_and_what_its_columns_mean(look: Look) -> None:
    page = look("/assets/creators", "Row count", "One row per creator.", "creator_key")
    assert "Raw SQL" not in page
    assert "Person behind the accounts" in page


def test_a_mart_shows_its_checks_and_its_nights(look: Look) -> None:
    look(
        "/assets/creators?view=checks",
        "creators_is_sound",
        "Succeeded",
        "no key occurs twice; a creator has an account and a post",
    )
    look("/assets/creators?view=partitions", f"Materialized ({len(NIGHTS)})", "Failed (0)")


def test_the_job_its_schedule_and_its_sensor_are_there(look: Look) -> None:
    look("/locations/undercurrent/jobs/nightly", "One night, end to end", "2 schedules/sensors")
    look("/automation", "inbox_files", "nightly_at_three")


def test_the_runs_of_the_command_line_are_shown_with_their_night_and_their_gates(
    look: Look, backfilled: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(backfilled.home))
    with dg.DagsterInstance.get() as instance:
        [run] = [run for run in instance.get_runs() if run.tags["dagster/partition"] == NIGHTS[-1]]
    look("/runs", run.run_id[:8], f"partition: {NIGHTS[-1]}", "undercurrent/started_by: command line")
    page = look(f"/runs/{run.run_id}?logs=landed", "Success", "ASSET_CHECK_EVALUATION", "Check landed succeeded")
    assert f"partition: {NIGHTS[-1]}" in page
    look(f"/runs/{run.run_id}?logs=published", "Check published succeeded for materialization of gate_results")


def test_screenshots_are_kept_for_a_person_to_look_at(look: Look, backfilled: Installation) -> None:
    look("/overview", "Overview")
    shots: list[Path] = list(backfilled.folder.glob("*.png"))
    assert shots
    assert all(shot.stat().st_size > 10_000 for shot in shots)

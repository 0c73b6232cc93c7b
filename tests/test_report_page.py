"""The report page in a real browser: opened as a file, replayed by mouse and keyboard."""

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cli_runs import evo_plastic
from report_runs import write_run

pytest.importorskip("selenium", reason="drives a browser: needs the package selenium")

from report_viewer import Viewer, number, way, window
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None, reason="needs the programs chromium and chromedriver"
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1280,900",
)  # fmt: skip
SECONDS = 20
ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def page(folder: Path) -> Path:
    return written(folder, "plastic", "maze15")


@pytest.fixture(scope="module")
def static_page(folder: Path) -> Path:
    return written(folder, "static", network={"name": "meta-rnn", "modulation": "none",
                                              "hidden_size": 16})  # fmt: skip


def written(folder: Path, name: str, *more: str, **changes: Any) -> Path:
    run, path = write_run(folder / name, **changes), folder / f"{name}.html"
    tasks = [word for task in ("maze9", *more) for word in ("--tasks", task)]
    small = ["--lifetimes", 24, "--mazes", 3, "--workers", 1]
    assert evo_plastic("report", run, "--out", path, *tasks, *small).code == 0
    return path


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER or ""
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(DRIVER or "")
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver


@pytest.fixture
def viewer(browser: webdriver.Chrome, page: Path) -> Viewer:
    opened = Viewer(browser, page)
    opened.focus()
    return opened


def test_nothing_is_loaded_and_nothing_complained_of(viewer: Viewer, page: Path) -> None:
    viewer.press(Keys.ARROW_RIGHT)
    viewer.choose("set", 1)
    entries = viewer.browser.get_log("performance")
    logged = [json.loads(entry["message"])["message"] for entry in entries]
    sent = [one["params"] for one in logged if one["method"] == "Network.requestWillBeSent"]
    asked = [one["request"]["url"] for one in sent if one["documentURL"] == page.as_uri()]
    assert set(asked) - {"data:,"} == {page.as_uri()}
    assert viewer.browser.get_log("browser") == []
    assert not viewer.at("still").is_displayed()
    assert viewer.at("viewer").is_displayed()


def test_every_task_set_and_maze_can_be_chosen(viewer: Viewer) -> None:
    for place, task_set in enumerate(viewer.sets):
        viewer.choose("set", place)
        options = [option.text for option in Select(viewer.at("maze")).options]
        assert options == [
            f"number {life['maze']}, shortest path {life['shortest']}"
            for life in task_set["lifetimes"]
        ]
        for maze, life in enumerate(task_set["lifetimes"]):
            viewer.choose("maze", maze)
            assert viewer.agent == tuple(life["start"])
            assert viewer.step == viewer.rollout == 0
            buttons = viewer.rollouts
            for button, rollout in zip(buttons, life["rollouts"], strict=True):
                steps = len(rollout["actions"])
                reward = number((rollout["outcome"] == "reached") - 0.01 * steps)
                assert f"reward {reward}, {steps} step" in button.text


def test_the_page_opens_with_the_maze_of_middling_length(viewer: Viewer) -> None:
    assert viewer.life["maze"] == viewer.sets[0]["lifetimes"][1]["maze"]


def test_arrow_keys_step_through_what_was_lived(viewer: Viewer) -> None:
    life = viewer.life
    cells = way(life, 0)
    steps = min(len(cells) - 1, 12)
    for step in range(1, steps + 1):
        viewer.press(Keys.ARROW_RIGHT)
        assert viewer.step == step
        assert viewer.agent == cells[step]
        assert viewer.seen == window(life, *cells[step])
    trail = viewer.at("picture").find_elements(By.CSS_SELECTOR, ".way")
    assert len(trail) == steps
    viewer.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert (viewer.step, viewer.agent) == (steps - 2, cells[steps - 2])
    assert viewer.at("now-reward").text == number(-0.01 * (steps - 2))


def test_steps_lead_over_the_border_of_rollouts_and_stop_at_both_ends(viewer: Viewer) -> None:
    life = viewer.life
    viewer.press(Keys.ARROW_LEFT)
    assert (viewer.rollout, viewer.step) == (0, 0)
    for rollout in range(3):
        viewer.press(Keys.END)
        cells = way(life, rollout)
        reached = life["rollouts"][rollout]["outcome"] == "reached"
        assert viewer.agent == cells[-1]
        assert viewer.at("now-reward").text == number(reached - 0.01 * (len(cells) - 1))
        told = "goal reached" if reached else "goal not reached"
        assert viewer.at("now-move").text == f"none, {told}"
        viewer.press(Keys.ARROW_RIGHT)
    assert (viewer.rollout, viewer.step) == (2, len(cells) - 1)
    viewer.press(Keys.HOME, Keys.ARROW_LEFT)
    assert (viewer.rollout, viewer.step) == (1, len(way(life, 1)) - 1)


def test_keys_count_where_the_viewer_is_looked_at(viewer: Viewer) -> None:
    viewer.browser.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
    viewer.press(Keys.ARROW_RIGHT, Keys.SPACE)
    assert (viewer.step, viewer.at("play").text) == (0, "Play")
    viewer.browser.execute_script("arguments[0].scrollIntoView()", viewer.at("viewer"))
    viewer.press(Keys.ARROW_RIGHT)
    assert viewer.step == 1


def test_controls_keep_their_own_keys(viewer: Viewer) -> None:
    viewer.at("forward").send_keys(Keys.SPACE)
    assert (viewer.step, viewer.at("play").text) == (1, "Play")
    viewer.at("maze").send_keys(Keys.ARROW_DOWN)
    assert viewer.life["maze"] == viewer.sets[0]["lifetimes"][2]["maze"]
    viewer.at("maze").send_keys(Keys.ARROW_RIGHT)
    assert viewer.step == 0


def test_what_was_measured_stands_beside_the_step(viewer: Viewer) -> None:
    life = viewer.life
    buttons = viewer.rollouts
    buttons[1].click()
    assert [b.get_attribute("aria-pressed") for b in buttons] == ["false", "true", "false"]
    viewer.press(Keys.ARROW_RIGHT)
    place = len(life["rollouts"][0]["actions"]) + 1
    measured = {"now-decides": life["decides"]}
    for i, letter in enumerate("hx"):
        measured[f"now-m-{letter}"] = life["modulation"][i]
        measured[f"now-movement-{letter}"] = life["movement"][i]
    for name, values in measured.items():
        assert float(viewer.at(name).text) == pytest.approx(values[place])
    cells, action = way(life, 1), int(life["rollouts"][1]["actions"][1])
    move = ("↑ up", "↓ down", "← left", "→ right")[action]
    stays = cells[1] == cells[2]
    assert viewer.at("now-move").text == move + (", into the wall" if stays else "")


def test_moves_into_walls_are_told(viewer: Viewer) -> None:
    for rollout in range(3):
        for step, (here, there) in enumerate(pairwise(way(viewer.life, rollout))):
            if here == there:
                viewer.rollouts[rollout].click()
                viewer.slide(step)
                assert viewer.at("now-move").text.endswith(", into the wall")
                return
    pytest.fail("the agent of this test never runs into a wall: choose another genome")


def test_the_slider_goes_to_any_step_of_the_rollout(viewer: Viewer) -> None:
    steps = len(way(viewer.life, 0)) - 1
    slider = viewer.at("time")
    assert slider.get_attribute("max") == str(steps)
    viewer.slide(steps // 2)
    assert (viewer.step, viewer.agent) == (steps // 2, way(viewer.life, 0)[steps // 2])
    slider.send_keys(Keys.ARROW_RIGHT)
    assert viewer.step == steps // 2 + 1
    assert slider.get_attribute("value") == str(viewer.step)


def wait(viewer: Viewer, for_this: Callable[[], bool]) -> None:
    # A step may come between finding the text of the one before and reading it.
    moving = [StaleElementReferenceException]
    WebDriverWait(viewer.browser, SECONDS, 0.02, moving).until(lambda _: for_this())


def test_space_plays_and_pauses(viewer: Viewer) -> None:
    Select(viewer.at("speed")).select_by_value("25")
    viewer.focus()
    viewer.press(Keys.SPACE)
    assert viewer.at("play").text == "Pause"
    wait(viewer, lambda: viewer.rollout > 0 or viewer.step >= 3)
    viewer.press(Keys.SPACE)
    assert viewer.at("play").text == "Play"
    stopped = viewer.rollout, viewer.step
    viewer.browser.execute_async_script("setTimeout(arguments[0], 200)")
    assert (viewer.rollout, viewer.step) == stopped


def test_play_ends_with_the_lifetime_and_begins_anew(viewer: Viewer) -> None:
    Select(viewer.at("speed")).select_by_value("25")
    viewer.rollouts[2].click()
    last = len(way(viewer.life, 2)) - 1
    viewer.slide(last - 2)
    viewer.at("play").click()
    wait(viewer, lambda: viewer.at("play").text == "Play")
    assert (viewer.rollout, viewer.step) == (2, last)
    viewer.at("play").click()
    wait(viewer, lambda: viewer.rollout == 0)
    viewer.at("play").click()


def test_the_charts_have_a_line_per_connection_and_a_cursor_that_is_clicked(
    viewer: Viewer,
) -> None:
    life = viewer.life
    charts = viewer.at("charts").find_elements(By.TAG_NAME, "svg")
    reached = sum(rollout["outcome"] == "reached" for rollout in life["rollouts"])
    for chart in charts:
        assert len(chart.find_elements(By.CSS_SELECTOR, ".line")) == 2
        assert len(chart.find_elements(By.CSS_SELECTOR, ".border")) == 3
        assert len(chart.find_elements(By.CSS_SELECTOR, ".hit")) == reached
    assert len(charts) == 2
    cursor = charts[0].find_element(By.CSS_SELECTOR, ".cursor")
    before = float(cursor.get_attribute("x1") or "nan")
    ActionChains(viewer.browser).move_to_element(charts[0]).click().perform()
    lived = sum(len(rollout["actions"]) for rollout in life["rollouts"][: viewer.rollout])
    total = sum(len(rollout["actions"]) for rollout in life["rollouts"])
    # The middle of the picture lies somewhat before that of the lifetime: labels are at the left.
    assert 0.4 < (lived + viewer.step) / total < 0.5
    assert float(cursor.get_attribute("x1") or "nan") > before


def test_a_network_that_does_not_learn_says_so(
    browser: webdriver.Chrome, static_page: Path
) -> None:
    viewer = Viewer(browser, static_page)
    assert viewer.at("charts").find_elements(By.TAG_NAME, "svg") == []
    assert "has no plastic connection" in viewer.at("charts").text
    viewer.focus()
    viewer.press(Keys.ARROW_RIGHT)
    assert viewer.agent == way(viewer.life, 0)[1]
    assert browser.get_log("browser") == []


def test_a_network_that_diverged_has_no_reward(browser: webdriver.Chrome, folder: Path) -> None:
    viewer = Viewer(browser, written(folder, "wild", genes=1e200))
    viewer.focus()
    viewer.press(Keys.END)
    assert viewer.at("now-reward").text == "none"
    assert viewer.at("now-move").text == "none, diverged"
    viewer.press(Keys.ARROW_LEFT)
    assert viewer.at("now-movement-h").text == "–"
    assert browser.get_log("browser") == []


def test_without_scripts_the_rest_is_there(browser: webdriver.Chrome, page: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        viewer = Viewer(browser, page)
        assert not viewer.at("viewer").is_displayed()
        still = viewer.at("still")
        assert still.is_displayed()
        assert len(still.find_elements(By.TAG_NAME, "svg")) == 3
        assert f"maze {viewer.sets[0]['lifetimes'][1]['maze']}," in still.text
        for name in ("learning", "results", "configuration"):
            assert viewer.at(name).is_displayed()
        charts = viewer.at("learning").find_elements(By.CSS_SELECTOR, "svg")
        assert [chart.size["height"] > 100 for chart in charts] == [True, True]
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_script_that_was_changed_does_not_run(
    browser: webdriver.Chrome, page: Path, folder: Path
) -> None:
    changed = folder / "changed.html"
    changed.write_text(page.read_text().replace("const data =", "const  data ="))
    viewer = Viewer(browser, changed)
    assert not viewer.at("viewer").is_displayed()
    assert viewer.at("still").is_displayed()
    [complaint] = browser.get_log("browser")
    assert "Content Security Policy" in complaint["message"]


def test_markup_in_names_stays_text(browser: webdriver.Chrome, page: Path, folder: Path) -> None:
    attacked = folder / "attacked.html"
    text = page.read_text()
    assert '"name":"maze9/test"' in text
    name = json.dumps(ATTACK).replace("<", "\\u003c")
    attacked.write_text(text.replace('"name":"maze9/test"', f'"name":{name}'))
    viewer = Viewer(browser, attacked)
    assert Select(viewer.at("set")).options[0].text == ATTACK
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert browser.get_log("browser") == []


LUMINANCE = """
const parts = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const of = (colour) => {
  const [r, g, b] = parts(colour).map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const style = getComputedStyle(document.body);
return [of(style.color), of(style.backgroundColor)];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_by_day_and_by_night(viewer: Viewer, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    viewer.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    ink, ground = viewer.browser.execute_script(LUMINANCE)
    assert (ink > ground) == (scheme == "dark")
    # The contrast that WCAG 2.2 asks for at its strictest level.
    assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) > 7


def units(chart: WebElement) -> float:
    """Width of its picture; text has its proper size where that is the width on the screen."""
    return float((chart.get_dom_attribute("viewBox") or "0 0 0").split()[2])


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_the_page_fits_any_width(viewer: Viewer, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    viewer.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        needed = viewer.browser.execute_script("return document.documentElement.scrollWidth")
        assert needed <= width
        chart = viewer.at("charts").find_element(By.TAG_NAME, "svg")
        wait(viewer, lambda: abs(units(chart) - chart.rect["width"]) < 1)
    finally:
        viewer.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

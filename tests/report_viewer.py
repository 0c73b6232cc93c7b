"""An opened report page: what a reader does there, what it shows, what it should show."""

from pathlib import Path
from typing import Any

from report_runs import embedded
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from evo_plastic.tasks.maze import MOVES

SLIDE = """
arguments[0].value = arguments[1];
arguments[0].dispatchEvent(new Event("input"));
"""


class Viewer:
    """An opened page, and what it shows."""

    def __init__(self, browser: webdriver.Chrome, page: Path) -> None:
        self.browser = browser
        self.sets = embedded(page.read_text())["sets"]
        browser.get_log("browser")
        browser.get_log("performance")
        browser.get(page.as_uri())

    def at(self, name: str) -> WebElement:
        return self.browser.find_element(By.ID, name)

    def press(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()

    def focus(self) -> None:
        self.browser.execute_script("document.getElementById('viewer').focus()")

    @property
    def life(self) -> dict[str, Any]:
        """The lifetime that is chosen, with the size of its maze."""
        chosen: dict[str, Any] = self.sets[self._chosen("set")]
        life: dict[str, Any] = chosen["lifetimes"][self._chosen("maze")]
        return life | {"size": chosen["size"]}

    @property
    def rollouts(self) -> list[WebElement]:
        """A button for each."""
        return self.at("rollouts").find_elements(By.TAG_NAME, "button")

    @property
    def step(self) -> int:
        return int(self.at("now-step").text.split(" of ")[0])

    @property
    def rollout(self) -> int:
        """From 0 on."""
        return int(self.at("now-rollout").text.split(" of ")[0]) - 1

    @property
    def agent(self) -> tuple[int, int]:
        """Cell (x, y), x downwards."""
        circle = self.at("agent")
        y, x = (float(circle.get_attribute(name) or "nan") for name in ("cx", "cy"))
        return int(x - 0.5), int(y - 0.5)

    @property
    def seen(self) -> list[str]:
        return [cell.text for cell in self.at("view").find_elements(By.TAG_NAME, "td")]

    def choose(self, name: str, place: int) -> None:
        Select(self.at(name)).select_by_index(place)

    def slide(self, step: int) -> None:
        self.browser.execute_script(SLIDE, self.at("time"), step)

    def _chosen(self, name: str) -> int:
        return int(self.at(name).get_attribute("value") or -1)


def wall(life: dict[str, Any], x: int, y: int) -> bool:
    return bool(life["walls"][x * life["size"] + y] == "1")


def way(life: dict[str, Any], rollout: int) -> list[tuple[int, int]]:
    """Cells of a rollout by the rules of the maze, one more than its steps."""
    x, y = life["start"]
    cells = [(x, y)]
    for action in map(int, life["rollouts"][rollout]["actions"]):
        dx, dy = MOVES[action]
        if not wall(life, x + dx, y + dy):
            x, y = x + dx, y + dy
        cells.append((x, y))
    return cells


def window(life: dict[str, Any], x: int, y: int) -> list[str]:
    """The nine numbers around a cell, as the page writes them."""
    cells = [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    goal = tuple(life["goal"])
    return ["1" if wall(life, *c) else "−1" if c == goal else "0" for c in cells]


def number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")

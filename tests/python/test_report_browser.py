"""The report in a browser: it asks the network for nothing, and what it offers works by mouse, by
keyboard, in both themes, on a phone, on paper and without JavaScript."""

import json
import os
import re
import shutil
from urllib.parse import quote

import pytest
import report_runs
from bqb.report.html import joint_page, page

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not CHROMIUM or not DRIVER:
    pytest.skip("no chromium or no chromedriver", allow_module_level=True)

from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

PHONE, WIDE = 380, 1400  # CSS pixels
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # root may not use it
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for each in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(each)
    # Chromium keeps files of its own below HOME, whatever its profile.
    home = {**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))}
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER, env=home), options=options)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The files of the report by kind: of a run with everything, of two runs, of hostile names."""
    folder = tmp_path_factory.mktemp("pages")
    run = report_runs.everything(folder / "run")
    page.write_report(run, report_runs.NEEDS, folder / "run.html")
    short = report_runs.everything(folder / "short", rounds=2)
    joint_page.write_joint_report([run, short], report_runs.NEEDS, folder / "joint.html")
    long_names, needs = report_runs.with_texts(
        folder / "hostile",
        lambda text: text + ("-" if text == "sleeping_peers" else "/") + "x" * 300,
    )
    page.write_report(long_names, needs, folder / "hostile.html")
    runs = [long_names, long_names]
    joint_page.write_joint_report(runs, needs, folder / "hostile_joint.html")
    return {path.stem: path.as_uri() for path in folder.glob("*.html")}


@pytest.fixture
def opened(browser, pages):
    """opened(kind, fragment="", width=WIDE, script=True) -> the browser with a fresh page there."""

    def open_page(kind, fragment="", width=WIDE, script=True):
        browser.get("about:blank")  # a change of the fragment alone would not load the page
        command("Emulation.setScriptExecutionDisabled", value=not script)
        resize(browser, width)
        browser.get(pages[kind] + fragment)
        return browser

    def command(name, **values):
        browser.execute_cdp_cmd(name, values)

    emulate(browser)
    yield open_page
    command("Emulation.setScriptExecutionDisabled", value=False)


def resize(browser, width):
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def emulate(browser, media="", scheme="light"):
    # Without motion: a scroll has ended when it has begun.
    wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wanted.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def until(browser, condition):
    return WebDriverWait(browser, 10, poll_frequency=0.02).until(condition)


def find(browser, query):
    return browser.find_elements(By.CSS_SELECTOR, query)


def open_all(browser):
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")


# ------------------------------------------------------------------------------------------ loading


@pytest.mark.parametrize("kind", ["run", "joint", "hostile"])
def test_it_asks_the_network_for_nothing_and_the_console_is_empty(browser, opened, pages, kind):
    for name in ("browser", "performance"):
        browser.get_log(name)  # of earlier tests
    opened(kind)
    open_all(browser)
    for button in find(browser, "th button")[:6] + find(browser, "#theme"):
        browser.execute_script("arguments[0].click()", button)
    browser.get(pages[kind] + "#%E0%A4%A")  # no text in UTF-8
    assert browser.get_log("browser") == []
    events = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]
    asked = [
        each["params"]["request"]["url"]
        for each in events
        if each["method"] == "Network.requestWillBeSent"
    ]
    assert pages[kind] in asked
    ours = (pages[kind], "about:blank", "data:,")
    assert [url for url in asked if not url.startswith(ours)] == []
    assert not [each for each in events if each["method"] == "Network.loadingFailed"]


def test_hostile_names_run_nothing(opened):
    browser = opened("hostile")
    assert find(browser, "img") == [] and len(find(browser, "script")) == 1


# ------------------------------------------------------------------------------------------ sorting

# Cells of a column of a table as [data-value or null, text, whether it spans the columns].
COLUMN = """
const [table, index] = arguments;
return [...table.tBodies[0].rows].map(row => {
  const cell = row.cells[index];
  return cell && cell.colSpan === 1
    ? [cell.dataset.value || null, cell.textContent.trim(), false] : [null, '', true];
})"""
STATES = ["equivalent", "undecided", "worse"]


def sort_key(kind, cell):
    """None for a row that has nothing there."""
    value, text, spans = cell
    if kind == "text":
        return text
    if spans:
        return None
    if kind == "state":
        return STATES.index(text) if text else None
    return None if value is None else float(value)


@pytest.mark.parametrize("point", ["speed_map/capacity:1/", "memory", "overcommit"])
def test_each_head_sorts_and_twice_reverses(opened, point):
    browser = opened("run")
    open_all(browser)
    table = find(browser, f"details[id^='point:{point}'] table.cells")[0]
    heads = table.find_elements(By.CSS_SELECTOR, "thead th")
    attribute = "return arguments[0].map(head => head.getAttribute(arguments[1]))"
    kinds = browser.execute_script(attribute, heads, "data-sort")
    assert kinds.count("number") >= 3 and {"text", "state"} <= {*kinds}
    missing = 0
    for index, (head, kind) in enumerate(zip(heads, kinds)):
        if kind is None:
            assert head.find_elements(By.TAG_NAME, "button") == []
            continue
        ordered = []
        for direction in ("ascending", "descending"):
            head.find_element(By.TAG_NAME, "button").click()
            sorted_by = [direction if each == index else None for each in range(len(heads))]
            assert browser.execute_script(attribute, heads, "aria-sort") == sorted_by
            cells = browser.execute_script(COLUMN, table, index)
            keys = [sort_key(kind, cell) for cell in cells]
            known = [key for key in keys if key is not None]
            assert keys[len(known) :] == [None] * (len(keys) - len(known)), "no value: last"
            missing += len(keys) - len(known)
            ordered.append(known)
        assert ordered[0] == sorted(ordered[0]) and ordered[1] == ordered[0][::-1], kind
    assert missing, "the table has rows without numbers"


# ---------------------------------------------------------------------------------------- filtering

ROWS = """
return [...document.querySelectorAll('tr[data-queue]')].map(row =>
  [row.dataset.queue, row.dataset.state ?? null, row.checkVisibility() || row.hidden === false])"""


def shown_rows(browser):
    """(queue, verdict or None where the row has none to filter by) of each row not hidden."""
    return [(queue, state) for queue, state, shown in browser.execute_script(ROWS) if shown]


def test_rows_are_filtered_by_queue_and_by_verdict(opened):
    browser = opened("run")
    every = shown_rows(browser)
    status = find(browser, "#filter-count")[0]
    assert status.text == "" and status.get_attribute("role") == "status"
    queue = find(browser, "#filter-queue")[0]
    queue.send_keys("CONDVAR")
    fitting = [row for row in every if "condvar" in row[0]]
    assert 0 < len(fitting) < len(every) and shown_rows(browser) == fitting
    assert status.text == f"{len(fitting)} of {len(every)} rows"
    Select(find(browser, "#filter-state")[0]).select_by_visible_text("worse")
    both = [row for row in fitting if row[1] in ("worse", None)]
    assert 0 < len(both) < len(fitting) and shown_rows(browser) == both
    assert status.text == f"{len(both)} of {len(every)} rows"
    queue.clear()
    queue.send_keys("no such queue")
    assert shown_rows(browser) == [] and status.text == f"0 of {len(every)} rows"
    Select(find(browser, "#filter-state")[0]).select_by_visible_text("any")
    queue.clear()
    queue.send_keys(" ")
    assert shown_rows(browser) == every and status.text == ""


def test_rows_of_several_runs_are_filtered_by_queue(opened):
    browser = opened("joint")
    every = shown_rows(browser)
    find(browser, "#filter-queue")[0].send_keys("boost")
    fitting = [row for row in every if "boost" in row[0]]
    assert 0 < len(fitting) < len(every) and shown_rows(browser) == fitting
    assert find(browser, "#filter-count")[0].text == f"{len(fitting)} of {len(every)} rows"


# -------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize("kind", ["run", "joint", "hostile", "hostile_joint"])
def test_every_link_within_the_page_has_a_target(opened, kind):
    dead = opened(kind).execute_script(
        """
        return [...document.querySelectorAll('a[href^="#"], use')]
          .map(link => link.getAttribute('href').slice(1))
          .filter(id => !document.getElementById(id))"""
    )
    assert dead == []


@pytest.mark.parametrize("kind", ["run", "joint"])
@pytest.mark.parametrize("spelled", [str, lambda name: quote(name, safe="")])
def test_a_link_to_a_point_opens_it_and_scrolls_there(opened, kind, spelled):
    name = "point:capacity_knee/capacity:16"
    browser = opened(kind, f"#{spelled(name)}")
    (target,) = find(browser, f"details[id='{name}']")
    until(browser, lambda _: target.get_attribute("open"))
    top = "return arguments[0].getBoundingClientRect().top"
    until(browser, lambda _: -1 <= browser.execute_script(top, target) < 450)


def test_a_link_inside_the_page_opens_its_point(opened):
    browser = opened("run")
    (target,) = find(browser, f"details[id='point:{report_runs.NEEDS[1].point}']")
    assert not target.get_attribute("open")
    find(browser, "#need\\:bursts th a")[0].click()
    until(browser, lambda _: target.get_attribute("open"))


# ------------------------------------------------------------------------------------------ colours

# [ratio, colour, background, text] of each text whose contrast is below `least`; [texts] first.
CONTRAST = """
const least = arguments[0];
const canvas = document.createElement('canvas');
canvas.width = canvas.height = 1;
const context = canvas.getContext('2d', {willReadFrequently: true});
const known = new Map();
const over = layers => {  // colours, the lowest first, as they look on each other
  const key = layers.join('|');
  if (!known.has(key)) {
    for (const layer of ['#fff', ...layers]) {
      context.fillStyle = layer;
      context.fillRect(0, 0, 1, 1);
    }
    known.set(key, [...context.getImageData(0, 0, 1, 1).data].slice(0, 3));
  }
  return known.get(key);
};
const light = rgb => {
  const [r, g, b] = rgb.map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const low = [];
let texts = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.data.trim(), element = walker.currentNode.parentElement;
  if (!text || element.matches('script, style, title') || !element.checkVisibility()) continue;
  texts += 1;
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    layers.unshift(getComputedStyle(at).backgroundColor);
  }
  const style = getComputedStyle(element);
  const color = element instanceof SVGElement ? style.fill : style.color;
  const [front, back] = [light(over([...layers, color])), light(over(layers))];
  const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
  if (ratio < least) low.push([ratio, color, layers.at(-1), text.slice(0, 40)]);
}
return [texts, low];
"""
LOOK = """
const style = getComputedStyle(document.body), panel = document.querySelector('.question');
return [style.color, style.backgroundColor, getComputedStyle(panel).backgroundColor]"""


@pytest.mark.parametrize("kind", ["run", "joint"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_in_the_theme_of_the_system_and_in_the_other(opened, kind, scheme):
    browser = opened(kind, f"#{report_runs.NEEDS[0].point}")
    emulate(browser, scheme=scheme)
    browser.refresh()
    open_all(browser)
    seen = []
    for _ in range(2):
        color, paper, panel = browser.execute_script(LOOK)
        is_dark = sum(map(int, re.findall(r"\d+", paper)[:3])) < 3 * 128
        seen.append((is_dark, color, paper, panel))
        texts, low = browser.execute_script(CONTRAST, 4.5)
        assert texts > 300 and low == []
        (button,) = find(browser, "#theme")
        assert button.text == ("Light theme" if is_dark else "Dark theme")
        button.click()
    assert [is_dark for is_dark, *_ in seen] == [scheme == "dark", scheme != "dark"]
    assert all(here != there for here, there in zip(*seen)), "each colour changes with the theme"
    assert browser.execute_script(LOOK) == list(seen[0][1:]), "a second press changes it back"


# --------------------------------------------------------------------------------- widths and paper

# How far the page can be scrolled sideways, and what sticks out at its right with no box around it
# that scrolls.
TOO_WIDE = """
const page = document.documentElement, width = page.clientWidth;
return [page.scrollWidth - width, [...document.querySelectorAll('main *, nav *')]
  .filter(each => each.getBoundingClientRect().right > width + 1 && !each.closest('.wide, svg'))
  .map(each => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`).slice(0, 5)]"""


@pytest.mark.parametrize("width", [PHONE, WIDE])
@pytest.mark.parametrize("kind", ["run", "joint", "hostile", "hostile_joint"])
def test_the_page_never_scrolls_sideways(opened, kind, width):
    browser = opened(kind, width=width)
    open_all(browser)
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script(TOO_WIDE) == [0, []]


@pytest.mark.parametrize("script", [True, False])
def test_on_paper_everything_is_open_and_the_contents_are_left_out(opened, script):
    browser = opened("run", script=script)
    closed = find(browser, "main details:not([open])")
    assert closed
    emulate(browser, media="print")
    if script:  # a browser without ::details-content
        browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    shown = """
        return arguments[0].map(each => each.lastElementChild.checkVisibility(
          {contentVisibilityAuto: true}) &&
          each.lastElementChild.getBoundingClientRect().height > 0)
        """
    assert all(browser.execute_script(shown, closed))
    assert not find(browser, "nav")[0].is_displayed()
    boxes = "return arguments[0].map(each => each.getClientRects().length)"
    assert not any(browser.execute_script(boxes, find(browser, ".permalink, .csv, .skip")))


# ----------------------------------------------------------------------------------------- keyboard


def focused(browser):
    return browser.switch_to.active_element


def tab_to(browser, query, most=400):
    """Presses Tab until an element that `query` selects has the focus; returns it."""
    for _ in range(most):
        focused(browser).send_keys(Keys.TAB)
        if browser.execute_script("return document.activeElement.matches(arguments[0])", query):
            return focused(browser)
    raise AssertionError(f"Tab does not reach {query}")


def test_the_first_tab_reaches_the_skip_link_and_it_skips(opened):
    browser = opened("run")
    skip = tab_to(browser, ".skip", most=1)
    box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", skip)
    assert box["left"] >= 0 and box["top"] >= 0, "it is seen while it has the focus"
    skip.send_keys(Keys.ENTER)
    focused(browser).send_keys(Keys.TAB)
    assert browser.execute_script("return !!document.activeElement.closest('main')")


def test_tab_and_enter_sort_and_open(opened):
    browser = opened("run")
    browser.execute_script("document.querySelector('details.point[open] > summary').focus()")
    button = tab_to(browser, "th[data-sort] button")
    style = "return getComputedStyle(arguments[0]).outlineStyle"
    assert browser.execute_script(style, button) == "solid", "the focus is seen"
    head = button.find_element(By.XPATH, "..")
    button.send_keys(Keys.ENTER)
    assert head.get_attribute("aria-sort") == "ascending"
    assert focused(browser) == button
    summary = tab_to(browser, "details.point:not([open]) > summary")
    assert browser.execute_script(style, summary) == "solid"
    summary.send_keys(Keys.ENTER)
    details = summary.find_element(By.XPATH, "..")
    until(browser, lambda _: details.get_attribute("open"))


# ------------------------------------------------------------------------------- without JavaScript


def counted(browser):
    return {
        query: len(find(browser, query))
        for query in (
            "table.decisions",
            "table.heat",
            "table.cells",
            "tr[data-queue]",
            "figure svg",
        )
    }


def test_without_javascript_all_is_there_and_nothing_is_dead(opened):
    with_script = counted(opened("run"))
    browser = opened("run", script=False)
    assert counted(browser) == with_script and min(with_script.values()) > 0
    controls = find(browser, "button, input, select")
    assert [each for each in controls if each.is_displayed()] == []
    closed = find(browser, "details.point:not([open])")[0]
    closed.find_element(By.TAG_NAME, "summary").click()
    until(browser, lambda _: closed.get_attribute("open"))
    assert closed.find_element(By.TAG_NAME, "table").is_displayed()


@pytest.mark.parametrize("kind", ["run", "joint"])
def test_every_picture_has_words_or_is_left_out_of_what_is_read(opened, kind):
    attributes = """
        return [...document.querySelectorAll('svg')].map(svg =>
          ['role', 'aria-label', 'aria-hidden'].map(name => svg.getAttribute(name) ?? ''))"""
    found = opened(kind).execute_script(attributes)
    assert found and any(role == "img" for role, *_ in found) == (kind == "run")
    for role, label, hidden in found:
        assert hidden == "true" or role == "img" and len(label) > 40

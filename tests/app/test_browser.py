"""The app in a real browser: every panel and control, a real and a damaged file, the keyboard, zoom, light and dark.

Nothing may reach the console as an error, no request may leave the machine, no page may be blank.
"""

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from .conftest import START, Served, start_app, stop_app

PANELS = {"material": "Material", "phase": "Phase diagram", "edge": "Edge", "data": "My data", "studies": "Studies"}
REAL = Path(__file__).parents[3] / "shared" / "data" / "misfit_nbse2_ppms.dat"
PATIENCE = 60_000  # ms; a busy machine compiles slowly


class Visit:
    """One page with what it did wrong."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base = page, base
        self.errors: list[str] = []
        self.external: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._requested(request.url))
        page.on("response", lambda answer: self.errors.append(answer.url) if answer.status >= 400 else None)

    def _requested(self, url: str) -> None:
        if not url.startswith((self.base, "blob:", "data:")):
            self.external.append(url)

    def state(self) -> str:
        """Class of the line that says what is going on."""
        return str(self.page.locator("[role=status]").first.get_attribute("class"))

    def waits_for(self, *states: str, seconds: float = 60.0) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.state()
            if any(state in found.split() for state in states):
                return found
            time.sleep(0.05)
        raise AssertionError(f"the state is {self.state()}: {self.page.locator('[role=status]').first.inner_text()}")

    def says(self, words: str, seconds: float = 300.0) -> None:
        """Wait for a sentence; a failure is none of them."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.page.locator("[role=status]").first.inner_text()
            if re.search(words, text):
                return
            assert "failed" not in self.state().split(), text
            time.sleep(0.1)
        raise AssertionError(f"the page says: {text}")

    def picture(self) -> np.ndarray:
        """What is seen, grey from 0 to 1."""
        image = imread(io.BytesIO(self.page.screenshot()), format="png")
        return np.asarray(image[..., :3].mean(axis=-1))


@contextmanager
def visiting(
    browser: Any,
    served: Served,
    panel: str,
    size: tuple[int, int] = (1400, 900),
    more: str = "",
    ready: str = "[role=status]",
) -> Iterator[Visit]:
    """A page of one panel; in the end nothing may have gone wrong."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme="light")
    visit = Visit(context.new_page(), served.base)
    try:
        visit.page.goto(f"{served.url}&panel={panel}{more}")
        visit.page.wait_for_selector(ready)
        yield visit
        assert visit.errors == []
        assert visit.external == []
    finally:
        context.close()


def looks_alive(grey: np.ndarray) -> bool:
    """The law: a picture has a ground, and something on it: neither one colour nor noise."""
    ground = np.bincount((grey.ravel() * 255).astype(int), minlength=256).max() / grey.size
    edges = np.mean(np.abs(np.diff(grey, axis=1)) > 0.1)
    return bool(0.1 < ground < 0.97 and 0.002 < edges < 0.2)


def test_a_blank_page_or_noise_would_be_noticed() -> None:
    assert not looks_alive(np.ones((90, 140)))
    assert not looks_alive(np.random.default_rng(1).random((90, 140)))


def test_every_panel_opens_in_light_and_dark_and_shows_something(browser: Any, served: Served) -> None:
    with visiting(browser, served, "material", more="&theme=light") as visit:
        visit.waits_for("done")
        for name, title in PANELS.items():
            visit.page.get_by_role("button", name=title, exact=True).click()
            visit.page.wait_for_url(f"**panel={name}**")
            visit.page.wait_for_selector(f"h2:has-text('{title}')")
            if name in ("material", "edge", "studies"):
                visit.waits_for("done")
                visit.page.wait_for_selector("canvas")
            time.sleep(0.3)
            light = visit.picture()
            assert looks_alive(light), name
            assert np.median(light) > 0.8
        visit.page.get_by_role("button", name="Dark").click()
        visit.page.wait_for_url("**theme=dark**")
        time.sleep(0.5)
        dark = visit.picture()
        assert looks_alive(dark)
        assert np.median(dark) < 0.25


def test_a_slider_turns_the_picture_and_the_address_brings_it_back(browser: Any, served: Served) -> None:
    with visiting(browser, served, "material", more="&coupling=1.2") as visit:
        visit.waits_for("done")
        assert visit.page.get_by_label("Coupling Γ (|t|)").input_value() == "1.2"
        before = visit.picture()
        visit.page.locator("[role=slider]").first.focus()
        for _ in range(20):
            visit.page.keyboard.press("ArrowLeft")
        visit.page.wait_for_function("!location.search.includes('coupling=1.2')")
        visit.waits_for("done")
        time.sleep(0.4)
        assert "coupling=" in visit.page.url
        assert np.abs(visit.picture() - before).max() > 0.2
        visit.page.get_by_label("Model").select_option("NbSe₂")
        visit.page.wait_for_function("location.search.includes('model=NbSe2')")
        visit.page.wait_for_selector("text=carriers")
        visit.waits_for("done")


def test_a_value_outside_the_limits_is_answered_under_its_control(browser: Any, served: Served) -> None:
    with visiting(browser, served, "material", more="&coupling=99&mu=abc&nonsense=1") as visit:
        visit.waits_for("done")
        visit.page.wait_for_selector("text=`coupling` must lie between 0 and 1.5")
        visit.page.wait_for_selector("text=`mu` must be a number")
        box = visit.page.get_by_label("Level μ of the film (|t|)")
        box.fill("50")
        box.press("Enter")
        visit.page.wait_for_selector("text=`mu` must lie between -3.5 and 1.8")
        assert visit.page.get_by_text("Traceback").count() == 0


def test_a_phase_diagram_is_coarse_at_once_tells_the_state_and_can_be_cancelled(browser: Any, served: Served) -> None:
    with visiting(browser, served, "phase", more="&model=heterostructure&v_max=8") as visit:
        visit.page.wait_for_selector("text=State at the point")
        visit.page.get_by_role("button", name="Cancel").click()
        visit.waits_for("cancelled")
        box = visit.page.get_by_label("Field V / Δ₀")
        box.fill("3")
        box.press("Enter")
        visit.page.wait_for_function("location.search.includes('v=3')")
        place = visit.page.locator("canvas").first.bounding_box()
        visit.page.mouse.click(place["x"] + 150, place["y"] + 300)
        visit.page.wait_for_function("!location.search.includes('v=3&') && !location.search.endsWith('v=3')")


def test_the_edge_has_both_spectra(browser: Any, served: Served) -> None:
    with visiting(browser, served, "edge", more="&width=30") as visit:
        visit.page.wait_for_selector("text=of the edge zone")
        visit.waits_for("done")
        before = visit.picture()
        visit.page.get_by_label("Spectrum").select_option("Semi-infinite edge")
        visit.page.wait_for_function("location.search.includes('picture=half-plane')")
        time.sleep(0.5)
        visit.waits_for("done")
        time.sleep(0.3)
        assert np.abs(visit.picture() - before).mean() > 0.02


def real_or_synthetic(folder: Path) -> Path:
    """The real PPMS file where present, else a synthetic one."""
    if REAL.exists():
        return REAL
    from spinvalley.reports.example import write_example

    write_example(folder / "run.dat")
    return folder / "run.dat"


def test_a_file_becomes_a_report(browser: Any, served: Served, tmp_path: Path) -> None:
    with visiting(browser, served, "data") as visit:
        visit.page.wait_for_selector("text=Try the example")
        visit.page.locator("input[type=file]").set_input_files(real_or_synthetic(tmp_path))
        visit.page.wait_for_selector("text=best admissible")
        visit.page.get_by_label("Criterion R / R_N").fill("0.6")
        visit.page.get_by_label("Criterion R / R_N").press("Enter")
        visit.page.wait_for_function("location.search.includes('criterion=0.6')")
        visit.waits_for("done")
        visit.page.get_by_role("button", name="Make the report").click()
        for label, part in (("Report (HTML)", "<html"), ("All numbers (JSON)", '"criterion": 0.6')):
            with visit.page.expect_download() as waiting:
                visit.page.get_by_role("button", name=label).click()
            text = Path(waiting.value.path()).read_text(encoding="utf-8")
            assert part in text
        assert json.loads(text)["lines"]
        assert looks_alive(visit.picture())


def test_names_in_a_file_are_text_and_columns_are_mapped_in_the_page(
    browser: Any, served: Served, tmp_path: Path
) -> None:
    evil = "<img src=x onerror=window.ran=1> (Ohm)"
    parts = [
        (T, B, 1 / (1 + np.exp(-(B - (1.5 - 0.4 * T)) / 0.03))) for T in (1, 1.5, 2) for B in np.linspace(0, 2, 61)
    ]
    path = tmp_path / "<img src=x onerror=window.ran=2>.csv"
    path.write_text(f"bath (K),coil (T),{evil}\n" + "\n".join(f"{T},{B:.6f},{R:.8f}" for T, B, R in parts))
    with visiting(browser, served, "data") as visit:
        visit.page.wait_for_selector("text=Try the example")
        visit.page.locator("input[type=file]").set_input_files(path)
        visit.waits_for("failed")
        for role, header in (("temperature", "bath (K)"), ("field", "coil (T)"), ("resistance", evil)):
            visit.page.get_by_label(f"Column of {role}").select_option(header)
        visit.page.wait_for_selector("text=best admissible")
        visit.waits_for("done")
        assert visit.page.evaluate("window.ran") is None


@pytest.mark.nightly
def test_the_criterion_is_dragged_in_the_figure(browser: Any, served: Served) -> None:
    with visiting(browser, served, "data") as visit:
        visit.page.get_by_role("button", name="Try the example").click()
        visit.page.wait_for_selector("text=best admissible")
        visit.waits_for("done")
        time.sleep(0.3)
        place = visit.page.locator("canvas").first.bounding_box()
        image = imread(io.BytesIO(visit.page.screenshot()), format="png")
        x, top = int(place["x"] + 0.8 * place["width"]), int(place["y"]) + 30
        column = image[top : top + int(place["height"]) - 80, x]
        y = top + float(np.flatnonzero((column[:, 0] > 0.75) & (column[:, 0] - column[:, 2] > 0.3)).mean())
        visit.page.mouse.move(x, y)
        visit.page.mouse.down()
        for step in range(1, 9):
            visit.page.mouse.move(x, y - 6 * step)
        visit.page.mouse.up()
        visit.page.wait_for_function("+new URLSearchParams(location.search).get('criterion') > 0.58")
        assert float(visit.page.get_by_label("Criterion R / R_N").input_value()) < 0.85
        visit.waits_for("done")


@pytest.mark.nightly
def test_a_study_that_runs_grows_in_the_page(browser: Any, tmp_path: Path) -> None:
    text = '[study]\nquantity = "gap"\n[model]\nkind = "film"\n[pairing]\ngap0 = 0.2\n'
    text += "[axes.kT]\nlinspace = [0.01, 0.12, 12]\n[axes.zeeman]\nlinspace = [0.0, 0.2, 40]\n"
    path = tmp_path / "study.toml"
    path.write_text(text)
    folder = tmp_path / "stores"
    folder.mkdir()
    command = [sys.executable, "-c", START, "run", str(path), "--store", str(folder / "film.zarr")]
    app = start_app("--studies", str(folder))
    try:
        with visiting(browser, app, "studies") as visit:
            visit.page.wait_for_selector("text=no study in")
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                while not (folder / "film.zarr" / "zarr.json").exists():
                    assert running.poll() in (None, 0)
                    time.sleep(0.1)
                time.sleep(0.5)
                visit.page.get_by_role("button", name="Look again").click()
                visit.page.wait_for_selector("text=480 of 480 points")  # without another click
            finally:
                running.kill()
                running.wait()
    finally:
        stop_app(app)


def test_a_panel_that_cannot_be_made_is_a_sentence(browser: Any) -> None:
    broken = "import spinvalley.app.material as m\ndef fail(*_): raise RuntimeError('secret trace')\n"
    app = start_app(before=broken + "m.MaterialView.make_controls = fail")
    try:
        with visiting(browser, app, "material", ready="[role=alert]") as visit:
            assert "internal error" in visit.page.locator("[role=alert]").inner_text()
            assert "secret" not in visit.page.content()
            visit.page.get_by_role("button", name="Dark").click()
            visit.page.get_by_role("button", name="Studies").click()
            visit.page.wait_for_selector("text=no folder of studies")
    finally:
        stop_app(app)


@pytest.mark.nightly
def test_a_theory_is_drawn_over_the_data(browser: Any, served: Served) -> None:
    with visiting(browser, served, "data", more="&theory=MoS2") as visit:
        visit.page.get_by_role("button", name="Try the example").click()
        visit.page.wait_for_selector("text=best admissible", timeout=300_000)
        visit.waits_for("done", seconds=300)
        assert visit.page.get_by_text("one-band").count() or visit.page.get_by_text("gated").count()


def test_a_damaged_file_is_answered_in_one_sentence(browser: Any, served: Served, tmp_path: Path) -> None:
    bad = tmp_path / "damaged.dat"
    bad.write_bytes(b"[Header]\n\x00\xff\x13" + bytes(range(256)) * 4)
    with visiting(browser, served, "data") as visit:
        visit.page.wait_for_selector("text=Try the example")
        visit.page.locator("input[type=file]").set_input_files(bad)
        visit.waits_for("failed")
        assert "damaged.dat" in visit.page.locator("[role=status]").first.inner_text()
        assert visit.page.get_by_text("Traceback").count() == 0


def test_the_keyboard_alone_reaches_panels_and_controls(browser: Any, served: Served) -> None:
    with visiting(browser, served, "material") as visit:
        visit.waits_for("done")
        reached = []
        for _ in range(16):
            visit.page.keyboard.press("Tab")
            reached.append(visit.page.evaluate(
                "(() => { let e = document.activeElement; while (e.shadowRoot && e.shadowRoot.activeElement)"
                " e = e.shadowRoot.activeElement; return e.tagName + ' ' + (e.innerText || '').slice(0, 20); })()"
            ))  # fmt: skip
        text = " | ".join(reached)
        assert all(title in text for title in PANELS.values())
        assert "SELECT" in text
        assert "INPUT" in text
        visit.page.get_by_role("button", name="Edge", exact=True).focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_selector("h2:has-text('Edge')")


def test_at_200_per_cent_nothing_is_cut_off(browser: Any, served: Served) -> None:
    with visiting(browser, served, "material", size=(700, 450)) as visit:
        visit.waits_for("done")
        wide = visit.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 700
        assert visit.page.locator("canvas").first.is_visible()


@pytest.mark.nightly
@pytest.mark.parametrize("panel", ["material", "phase", "edge"])
def test_every_control_may_be_changed(browser: Any, served: Served, panel: str) -> None:
    enough = "gap map|critical field|within" if panel == "phase" else "up to date"  # a map of a material takes a minute
    with visiting(browser, served, panel) as visit:
        visit.says(enough)
        for model in visit.page.get_by_label("Model").locator("option").all_inner_texts():
            visit.page.get_by_label("Model").select_option(model)
            time.sleep(1.0)
            visit.says(enough)
            for slider in visit.page.locator("[role=slider]:visible").all():
                slider.focus()
                visit.page.keyboard.press("ArrowRight")
                visit.page.keyboard.press("ArrowRight")
            for box in visit.page.locator("input[type=text]:visible").all():
                box.press("ArrowUp")
            for select in visit.page.locator("select:visible").all()[1:]:
                select.press("ArrowDown")
            time.sleep(1.0)
            visit.says(enough)
            assert looks_alive(visit.picture())


@pytest.mark.nightly
def test_every_control_of_the_data_may_be_changed(browser: Any, served: Served) -> None:
    with visiting(browser, served, "data") as visit:
        visit.page.get_by_role("button", name="Try the example").click()
        visit.page.wait_for_selector("text=best admissible")
        visit.says("up to date")
        for slider in visit.page.locator("[role=slider]:visible").all():
            slider.focus()
            visit.page.keyboard.press("ArrowRight")
        for label, option in (("Direction of the field", "In the layers"), ("T_c", "Free")):
            visit.page.get_by_label(label, exact=True).select_option(option)
            time.sleep(0.5)
            visit.says("up to date")
        visit.page.wait_for_selector("text=admissible")


@pytest.mark.nightly
def test_a_file_above_the_limit_is_refused_in_the_page(browser: Any, served: Served, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(b"1,2,3\n" * 10_000_000)
    with visiting(browser, served, "data") as visit:
        visit.page.wait_for_selector("text=Try the example")
        visit.page.locator("input[type=file]").set_input_files(big)
        visit.page.wait_for_selector("text=too large")


def test_ctrl_c_ends_the_server() -> None:
    served = start_app()
    assert stop_app(served) == 0

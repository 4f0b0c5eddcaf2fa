"""The version of CMakeLists.txt is that of CHANGELOG.md and CITATION.cff; the forms and workflows
of .github are what GitHub accepts."""

import re
from datetime import date

import pytest
import yaml
from bqb import ROOT

FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
ISSUE_FORMS = [form for form in FORMS if form.name != "config.yml"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
INPUTS = {"input", "textarea", "dropdown", "checkboxes"}  # all types of items but `markdown`
SECTION = re.compile(r"^## \[([^\]]+)\](?: - (\S+))?$", re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def read_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# ---------------------------------------------------------------------------------------- version


def version() -> str:
    return re.search(r"^project\(\w+ VERSION ([\d.]+)", text("CMakeLists.txt"), re.MULTILINE)[1]


def released() -> list[tuple[str, str]]:
    """(version, date) of each released section, newest first."""
    unreleased, *sections = SECTION.findall(text("CHANGELOG.md"))
    assert unreleased == ("Unreleased", "")
    return sections


def test_the_newest_section_of_the_changelog_is_the_version():
    assert released()[0][0] == version()


def test_sections_are_in_order_and_dated():
    def number(section):
        return tuple(map(int, section[0].split(".")))

    assert released() == sorted(released(), key=number, reverse=True)
    days = [date.fromisoformat(day) for _, day in released()]
    assert days == sorted(days, reverse=True)


def test_the_citation_is_of_that_version_and_day():
    citation = read_yaml(ROOT / "CITATION.cff")
    assert (citation["version"], citation["date-released"].isoformat()) == released()[0]


def test_the_citation_has_what_its_format_requires_and_the_licence_of_the_project():
    citation = read_yaml(ROOT / "CITATION.cff")
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software"
    assert {"message", "title", "authors", "abstract", "keywords"} <= set(citation)
    assert citation["license"] == "MIT" and text("LICENSE").startswith("MIT License")
    (author,) = citation["authors"]
    assert f"(c) 2026 {author['name']}\n" in text("LICENSE")
    assert text("README.md").startswith(f"# {citation['title']}\n")


def test_the_documented_package_is_of_that_version():
    minor = version().rpartition(".")[0]
    for name in ("docs/your_own_queue.md", "tests/install/CMakeLists.txt"):
        assert re.search(r"find_package\(bounded_queues ([\d.]+) ", text(name))[1] == minor


# -------------------------------------------------------------------------------- forms, workflows


@pytest.mark.parametrize("path", ISSUE_FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_github_requires(path):
    form = read_yaml(path)
    assert all(isinstance(form[key], str) and form[key] for key in ("name", "description"))
    assert isinstance(form["body"], list)
    inputs = [item for item in form["body"] if item["type"] != "markdown"]
    assert inputs, "a form needs an item to fill in"
    for item in inputs:
        assert item["type"] in INPUTS, item
        assert re.fullmatch(r"[A-Za-z0-9_-]+", item["id"]), item
        assert isinstance(item["attributes"]["label"], str), item
        assert set(item.get("validations", {})) <= {"required"}, item
        if item["type"] in ("dropdown", "checkboxes"):
            options = item["attributes"]["options"]
            assert options and len(set(map(str, options))) == len(options), item
            assert all(isinstance(option, str) for option in options), "quote yes and no"
    for item in form["body"]:
        if item["type"] == "markdown":
            assert item["attributes"]["value"], item
    for kind in ("id", "label"):
        values = [item.get(kind) or item["attributes"].get(kind) for item in inputs]
        assert len(set(values)) == len(values), f"{kind} occurs twice"


def test_the_form_of_results_asks_for_what_a_comparison_needs():
    form = read_yaml(ROOT / ".github/ISSUE_TEMPLATE/results_differ.yml")
    required = {
        item.get("id") for item in form["body"] if item.get("validations", {}).get("required")
    }
    assert required == {
        "cpu",
        "kind",
        "commit",
        "command",
        "differs",
        "repeats",
        "disturbed",
        "files",
    }


def test_forms_are_named_as_contributing_names_them():
    page = text("CONTRIBUTING.md")
    assert all(f"*{read_yaml(path)['name']}*" in page for path in ISSUE_FORMS)
    assert len(ISSUE_FORMS) == 2


def test_the_chooser_has_links_with_all_that_they_need():
    config = read_yaml(ROOT / ".github/ISSUE_TEMPLATE/config.yml")
    assert set(config) <= {"blank_issues_enabled", "contact_links"}
    for link in config.get("contact_links", []):
        assert set(link) == {"name", "url", "about"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_starts_scripts_that_are_there(path):
    workflow = read_yaml(path)
    assert True in workflow, "`on` is read as a boolean: YAML 1.1"
    for job in workflow["jobs"].values():
        assert {"runs-on", "timeout-minutes", "steps"} <= set(job)
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step)
            for script in re.findall(r"(?:\./scripts|\.ci)/\w+", step.get("run", "")):
                assert (ROOT / script).stat().st_mode & 0o100, script


def test_push_and_night_use_the_same_newer_compilers():
    by_push, by_night = (
        read_yaml(ROOT / f".github/workflows/{name}.yml")["jobs"]["newer-compilers"]["strategy"]
        for name in ("ci", "nightly")
    )
    assert by_push == by_night

"""The page of a report as its elements, for tests without a browser."""

from collections import Counter
from functools import cache
from html.parser import HTMLParser

import report_runs
from bqb import ROOT
from bqb.data.load import load_run
from bqb.report.html import page

PUBLISHED = ROOT / "results/published/2026-11-29.amd-epyc-2-cores"
ABLATION = ROOT / "results/published/2026-11-23.amd-epyc-2-cores.ablation"
REPEATED = sorted((ROOT / "results/published/repeat").iterdir())
loaded = cache(load_run)


class Page(HTMLParser):
    """The elements of a page as (tag, attributes, text below it), in order."""

    def __init__(self, text):
        super().__init__()
        self.size_bytes = len(text.encode())
        self.elements, self._open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), []))
        if tag not in ("br", "input", "link", "meta"):
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), []))

    def handle_endtag(self, tag):
        assert self._open and self._open[-1][0] == tag, f"</{tag}> closes {self._open[-1][:2]}"
        self._open.pop()

    def handle_data(self, data):
        for _, _, texts in self._open:
            texts.append(data)

    def all(self, tag, **attributes):
        """Texts of the elements that have these attributes; class_ is one of an element's
        classes."""
        return [text for _, text in self.found(tag, **attributes)]

    def found(self, tag, class_=None, **attributes):
        """(attributes, text) of those elements."""
        return [
            (own, " ".join("".join(texts).split()))
            for name, own, texts in self.elements
            if name == tag
            and (class_ is None or class_ in own.get("class", "").split())
            and all(own.get(key) == value for key, value in attributes.items())
        ]

    @property
    def text(self):
        """What <main> holds."""
        return " ".join(self.all("main"))


@cache
def rendered(run, needs=report_runs.NEEDS):
    """The page of a run."""
    return Page(page.render(run, needs))


def assert_links_hold(found):
    """Ids are unique, and each link within the page has a target."""
    ids = Counter(own["id"] for _, own, _ in found.elements if own.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    links = [own["href"] for _, own, _ in found.elements if own.get("href", "").startswith("#")]
    assert links and {link[1:] for link in links} <= set(ids)

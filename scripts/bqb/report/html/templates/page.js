// Sorting, filtering and the theme. The page is complete without any of it.
"use strict";
(() => {
  const find = (query, from = document) => [...from.querySelectorAll(query)];

  // ---- sorting: a button in each head that can be sorted by
  const states = { equivalent: 0, undecided: 1, worse: 2 };
  const keys = {
    text: (cell) => cell.textContent.trim(),
    state: (cell) => states[cell.textContent.trim()] ?? Infinity,
    number: (cell) => (cell.dataset.value ? Number(cell.dataset.value) : Infinity),
  };
  const keyOf = (row, column, kind) => {
    const cell = row.cells[column];
    if (!cell || cell.colSpan > 1) return kind === "text" ? "" : Infinity; // no numbers
    return keys[kind](cell);
  };
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a === b ? 0 : a - b);

  for (const head of find("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      const body = head.closest("table").tBodies[0];
      const column = head.cellIndex;
      const rows = [...body.rows].map((row) => [keyOf(row, column, head.dataset.sort), row]);
      rows.sort(([a], [b]) => {
        if (a === Infinity || b === Infinity) return compare(a, b); // these stay last
        return up ? compare(a, b) : compare(b, a);
      });
      body.append(...rows.map(([, row]) => row));
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
    });
  }

  // ---- filtering: rows of all tables by the name of the queue and by verdict
  const queueFilter = document.getElementById("filter-queue");
  const stateFilter = document.getElementById("filter-state");
  if (queueFilter) {
    const filter = () => {
      const part = queueFilter.value.trim().toLowerCase();
      const state = stateFilter?.value; // a page of several runs has no such filter
      let shown = 0;
      const rows = find("tr[data-queue]");
      for (const row of rows) {
        const fits =
          row.dataset.queue.toLowerCase().includes(part) &&
          (!state || row.dataset.state === undefined || row.dataset.state === state);
        row.hidden = !fits;
        shown += fits;
      }
      const all = shown === rows.length;
      document.getElementById("filter-count").textContent = all
        ? ""
        : `${shown} of ${rows.length} rows`;
    };
    queueFilter.addEventListener("input", filter);
    stateFilter?.addEventListener("change", filter);
  }

  // ---- theme
  const theme = document.getElementById("theme");
  if (theme) {
    const root = document.documentElement;
    const isDark = () =>
      root.dataset.theme
        ? root.dataset.theme === "dark"
        : matchMedia("(prefers-color-scheme: dark)").matches;
    const name = () => {
      theme.textContent = isDark() ? "Light theme" : "Dark theme";
    };
    theme.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      name();
    });
    name();
  }

  // ---- a link to a point opens it; so does printing to all
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // a damaged link
    }
  };
  const open = () => {
    const id = location.hash.slice(1);
    const target = document.getElementById(id) || document.getElementById(decoded(id));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  if (location.hash) open();
  addEventListener("beforeprint", () => {
    for (const each of find("details")) each.open = true;
  });

  for (const tools of find(".tools")) tools.hidden = false;
  if (matchMedia("(max-width: 56rem)").matches)
    for (const each of find(".contents")) each.open = false;
})();

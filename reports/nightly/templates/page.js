"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const drill = document.getElementById("drill");
  const cells = [...document.querySelectorAll("a[data-cell]")];
  let opened = null;

  /* All values are inserted as text, never as HTML: names and verdicts come from engines and files. */
  const element = (name, fields = {}, ...children) => {
    const made = Object.assign(document.createElement(name), fields);
    made.append(...children);
    return made;
  };

  /* Rows of counts from a flat list of triples (name, kind, count); rows with findings come first. */
  const rows = (triples) => {
    const found = new Map();
    for (let k = 0; k < triples.length; k += 3) {
      const name = data.names[triples[k]];
      const [verdict, cover] = data.kinds[triples[k + 1]];
      const count = triples[k + 2];
      if (!found.has(name)) {
        found.set(name, { name, asked: 0, right: 0, known: 0, "new": 0, flaky: 0, unsupported: 0, other: 0, findings: [] });
      }
      const row = found.get(name);
      row.asked += count;
      if (cover) {
        row[cover] += count;
        row.findings.push(`${count} ${verdict.replaceAll("_", " ")} (${cover})`);
      } else {
        row[verdict === "agree" ? "right" : verdict === "unsupported" ? "unsupported" : "other"] += count;
      }
    }
    return [...found.values()].sort((a, b) =>
      b["new"] - a["new"] || b.flaky - a.flaky || b.known - a.known || b.asked - a.asked || (a.name < b.name ? -1 : 1));
  };

  const HEADS = ["new", "known", "flaky", "correct", "cases", "unsupported", "no reference"];
  const table = (title, found) => {
    const line = (row) => {
      const open = row["new"];
      return element("tr", {},
        element("th", { scope: "row", className: "text" }, row.name),
        element("td", { className: open ? "alarm" : "" }, open ? `▲ ${open}` : "0"),
        element("td", {}, String(row.known)),
        element("td", {}, String(row.flaky)),
        element("td", {}, String(row.right)),
        element("td", {}, String(row.asked)),
        element("td", {}, String(row.unsupported)),
        element("td", {}, String(row.other)),
        element("td", { className: "text" }, row.findings.join(", ")));
    };
    const body = element("tbody", {}, ...found.map(line));
    const head = element("tr", {},
      element("th", { scope: "col", className: "text" }, title),
      ...HEADS.map((name) => element("th", { scope: "col" }, name)),
      element("th", { scope: "col", className: "text" }, "findings"));
    const box = element("div", { className: "scroll", tabIndex: 0 }, element("table", {}, element("thead", {}, head), body));
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", `By ${title}`);
    return { box, body };
  };

  const close = () => {
    if (!opened) return;
    opened.setAttribute("aria-expanded", "false");
    drill.hidden = true;
    drill.replaceChildren();
    opened.focus();
    opened = null;
  };

  const open = (cell) => {
    if (opened === cell) return close();
    if (opened) opened.setAttribute("aria-expanded", "false");
    opened = cell;
    cell.setAttribute("aria-expanded", "true");
    const [engine, mode] = cell.dataset.cell.split("-").map(Number);
    const found = data.cells[cell.dataset.cell] || {};
    const signatures = table("signature", rows(found.signature || []));
    const operations = table("operation", rows(found.operation || []));
    const filter = element("input", { type: "search", id: "filter", autocomplete: "off" });
    filter.addEventListener("input", () => {
      for (const row of operations.body.rows) row.hidden = !row.cells[0].textContent.includes(filter.value.trim());
    });
    const shut = element("button", { type: "button" }, "close");
    shut.addEventListener("click", close);
    drill.replaceChildren(
      element("div", { className: "bar-top" },
        element("h3", {}, `${data.engines[engine]}, mode ${data.modes[mode]}`),
        element("span", {}, element("label", { htmlFor: "filter" }, "show operations with "), filter, " ", shut)),
      signatures.box, operations.box);
    drill.hidden = false;
    drill.focus({ preventScroll: true });
    drill.scrollIntoView({ block: "nearest" });
    return undefined;
  };

  document.documentElement.classList.add("scripts");
  for (const cell of cells) {
    cell.setAttribute("role", "button");
    cell.setAttribute("aria-expanded", "false");
    cell.setAttribute("aria-controls", "drill");
    cell.addEventListener("click", (event) => {
      event.preventDefault();
      open(cell);
    });
    cell.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        event.preventDefault();
        open(cell);
      }
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  /* Search, filters and order of the buckets. */
  const groups = [...document.querySelectorAll("[data-status]")];
  const buckets = groups.flatMap((group) => [...group.querySelectorAll(".bucket")].map((box, place) => ({
    box, group, place,
    engine: box.dataset.engine,
    status: group.dataset.status,
    severity: box.dataset.severity,
    operation: box.dataset.operations.split(" ").filter(Boolean),
    count: Number(box.dataset.count),
    name: box.querySelector(".who").textContent,
    text: null,
  })));
  const chosen = {};
  const shown = element("output");
  const search = element("input", { type: "search", id: "search", autocomplete: "off" });
  const ORDERS = {
    "worst first": (a, b) => a.place - b.place,
    "most findings": (a, b) => b.count - a.count || a.place - b.place,
    engine: (a, b) => (a.engine < b.engine ? -1 : a.engine > b.engine ? 1 : a.place - b.place),
    name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.place - b.place),
  };
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (bucket) => {
      for (const [field, select] of Object.entries(chosen)) {
        if (select.value && ![bucket[field]].flat().includes(select.value)) return false;
      }
      if (!words.length) return true;
      bucket.text ??= bucket.box.textContent.toLowerCase();
      return words.every((word) => bucket.text.includes(word));
    };
    for (const bucket of buckets) bucket.box.hidden = !fits(bucket);
    const seen = buckets.filter((bucket) => !bucket.box.hidden);
    for (const group of groups) {
      const some = seen.some((bucket) => bucket.group === group);
      group.hidden = !some;
      /* What was searched for must be seen. */
      if (group.tagName === "DETAILS" && seen.length < buckets.length) group.open = some;
    }
    shown.value = seen.length < buckets.length ? `${seen.length} of ${buckets.length} buckets` : "";
  };
  const sort = (order) => {
    for (const group of groups) {
      const own = buckets.filter((bucket) => bucket.group === group).sort(ORDERS[order]);
      group.append(...own.map((bucket) => bucket.box), ...group.querySelectorAll(":scope > p.note"));
    }
  };
  const picker = (title, id, options) => {
    const select = element("select", { id },
      ...options.map(([value, label]) => element("option", { value }, label)));
    return [select, element("label", {}, title, select)];
  };
  const clear = () => {
    search.value = "";
    for (const select of Object.values(chosen)) select.value = "";
    apply();
  };
  if (buckets.length > 1) {
    const bar = document.getElementById("filters");
    search.addEventListener("input", apply);
    bar.append(element("label", {}, "Search", search));
    for (const field of ["engine", "status", "operation", "severity"]) {
      const values = [...new Set(buckets.flatMap((bucket) => bucket[field]))].filter(Boolean).sort();
      const [select, label] = picker(field, `by-${field}`, [["", "all"], ...values.map((v) => [v, v])]);
      chosen[field] = select;
      select.addEventListener("change", apply);
      bar.append(label);
    }
    const [order, label] = picker("order", "order", Object.keys(ORDERS).map((name) => [name, name]));
    order.addEventListener("change", () => sort(order.value));
    bar.append(label, shown);
  }

  /* Open all folded elements around the target of a link. */
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", unfold);
  unfold();

  for (const text of document.querySelectorAll("pre.copy")) {
    const button = element("button", { type: "button" }, "copy");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "copied";
    });
    const frame = element("div", { className: "copyable" });
    text.replaceWith(frame);
    frame.append(text, button);
  }
})();

"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MOST = 30;
  const input = document.getElementById("search");
  const list = document.getElementById("hits");
  const shown = document.getElementById("found");
  const rows = Object.entries(data).map(([name, [names, words]]) => ({
    name, words, names, text: `${name} ${names.join(" ")}`.toLowerCase(),
  }));
  /* All values are inserted as text, never as HTML. */
  const element = (tag, fields, ...children) => {
    const made = Object.assign(document.createElement(tag), fields);
    made.append(...children);
    return made;
  };
  const rank = (row, wanted) => {
    if (row.name === wanted) return 0;
    if (row.names.some((name) => name.toLowerCase() === wanted)) return 1;
    if (row.names.some((name) => name.toLowerCase().endsWith(`.${wanted}`))) return 2;
    return row.name.startsWith(wanted) ? 3 : 4;
  };
  const apply = () => {
    const wanted = input.value.trim().toLowerCase();
    const parts = wanted.split(/\s+/).filter(Boolean);
    const hits = parts.length ? rows.filter((row) => parts.every((part) => row.text.includes(part))) : [];
    const share = (row) => row.names.filter((name) => name.toLowerCase().includes(wanted)).length / row.names.length;
    hits.sort((a, b) => rank(a, wanted) - rank(b, wanted) || share(b) - share(a) || (a.name < b.name ? -1 : 1));
    list.replaceChildren(...hits.slice(0, MOST).map((row) => element("li", {},
      element("a", { href: `operations/${encodeURIComponent(row.name)}.html` }, row.name), " ",
      ...row.words.flatMap(([engine, word]) => [
        `${engine} `, element("span", { className: `word ${word}` }, word), "  "]),
      element("span", { className: "release" }, row.names.slice(0, 4).join(", ")))));
    const none = "no operation has this in its name: try another name, such as det or torch.linalg.det";
    const count = hits.length === 1 ? "1 operation" : `${hits.length} operations`;
    shown.value = !parts.length ? "" : hits.length ? count : none;
  };
  document.documentElement.classList.add("scripts");
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    const first = list.querySelector("a");
    if (event.key === "Enter" && first) first.click();
  });
  apply();
})();

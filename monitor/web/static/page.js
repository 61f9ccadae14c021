/* Keys, and lists that follow what happens. Everything works without this file, too. */
"use strict";
(() => {
  const KEPT = "single-keys";
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const at = () => rows().findIndex((one) => one.classList.contains("at"));
  const typing = (to) => to.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const wanted = () => localStorage.getItem(KEPT) !== "no";

  function go(to) {
    const all = rows();
    if (!all.length) return;
    const next = all[Math.max(0, Math.min(to, all.length - 1))];
    all.forEach((one) => one.classList.toggle("at", one === next));
    (next.querySelector("[data-open]") || next).focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const keys = {
    j: () => go(at() + 1),
    k: () => go(Math.max(0, at() - 1)),
    x: () => rows()[at()]?.querySelector("[data-choose]")?.click(),
    "/": () => document.querySelector("[data-search]")?.focus(),
    u: () => { location.href = "/queue"; },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !wanted() || typing(event.target)) return;
    const row = rows()[Math.max(0, at())];
    const button = /^[a-z]$/.test(event.key) && row?.querySelector(`[data-key="${event.key}"]`);
    const act = button ? () => button.click() : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row) rows().forEach((one) => one.classList.toggle("at", one === row));
  });

  const help = document.getElementById("keys");
  if (help) {
    help.hidden = false;
    const box = help.querySelector("[data-keys]");
    box.checked = wanted();
    box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "yes" : "no"));
  }
  if (document.querySelector("[data-key]")) go(0);

  // a file's text is put where it would be pasted
  document.querySelectorAll("[data-into]").forEach((one) => {
    one.closest("[data-upload]").hidden = false;
    one.addEventListener("change", async () => {
      if (one.files.length) document.getElementById(one.dataset.into).value = await one.files[0].text();
    });
  });

  const busy = () => {
    const live = document.querySelector("[data-live]");
    return live.querySelector("input:checked") || typing(document.activeElement) && live.contains(document.activeElement);
  };
  function news() {
    if (busy()) document.getElementById("stale").hidden = false;
    else htmx.trigger(document.body, "news");
  }
  if (document.querySelector("[data-live]")) {
    let before = null;
    document.addEventListener("htmx:beforeSwap", () => {
      const row = document.activeElement.closest("[data-row]");
      before = row && row.dataset.row;
    });
    document.addEventListener("htmx:afterSwap", () => {
      const row = before && document.querySelector(`[data-row="${CSS.escape(before)}"]`);
      if (row) row.querySelector("[data-open]").focus();
    });
    new EventSource("/news").addEventListener("message", news);
    setInterval(news, 60000); // the time that is left runs down by itself
  }
})();

// Coming back to a list finds the row from which it was left.
"use strict";

const rows = "[data-rows] [data-open]";
document.addEventListener("click", (event) => {
  const open = event.target.closest?.(rows);
  if (open) history.replaceState({ ...history.state, row: open.getAttribute("href"), y: scrollY }, "");
});
if (history.state?.row) {
  const left = [...document.querySelectorAll(rows)].find((open) => open.getAttribute("href") === history.state.row);
  left?.focus({ preventScroll: true });
  if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") scrollTo(0, history.state.y);
}
// The field that was asked for last is found again when the filter is opened.
const filter = document.getElementById("filter");
filter?.addEventListener("toggle", () => { if (filter.open) filter.querySelector("input, select")?.focus(); });

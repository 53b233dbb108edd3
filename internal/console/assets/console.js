// The pages read and post without scripts. This adds local times, keys, and ids that are copied with one click.
"use strict";

const local = new Intl.DateTimeFormat(undefined, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (!isNaN(at)) time.textContent = local.format(at);
}

for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

for (const id of document.querySelectorAll("[data-copy]")) {
  id.tabIndex = 0;
  id.setAttribute("role", "button");
  id.title = "Copy";
  const copy = () => navigator.clipboard?.writeText(id.textContent).then(() => {
    id.classList.add("copied");
    setTimeout(() => id.classList.remove("copied"), 800);
  });
  id.addEventListener("click", copy);
  id.addEventListener("keydown", (event) => { if (event.key === "Enter") copy(); });
}

const help = document.getElementById("help");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  const rows = [...document.querySelectorAll("[data-rows] tbody tr [data-open]")];
  const at = rows.indexOf(document.activeElement);
  switch (event.key) {
    case "j": case "k": {
      const next = rows[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
      next?.focus();
      break;
    }
    case "[": case "]":
      document.querySelector(`[data-key="${event.key}"]`)?.click();
      break;
    case "?":
      help.showModal();
      break;
    default:
      return;
  }
  event.preventDefault();
});

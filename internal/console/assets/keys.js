// The keys. The help sheet is made from keys.go; a test compares both.
"use strict";

const help = document.getElementById("help");
const find = document.getElementById("find");
const rows = () => [...document.querySelectorAll("[data-rows] [data-open]")].filter((link) => link.checkVisibility());
const rowOf = (element) => element?.closest?.("tr, li");
const focused = () => rows().find((link) => link === document.activeElement || rowOf(link) === rowOf(document.activeElement));

function step(by) {
  const list = rows();
  const at = list.indexOf(focused());
  const next = list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const follow = (key) => document.querySelector(`[data-key="${key}"]`)?.click();

// act leads to what is done: a form that is folded is opened, and the first field that must be filled in, or the button, gets the focus.
function act() {
  const to = document.querySelector('[data-key="r"]');
  if (!to) return;
  if (to.tagName !== "SUMMARY") { to.focus(); to.scrollIntoView({ block: "nearest" }); return; }
  to.parentElement.open = true;
  (to.parentElement.querySelector("[autofocus]") ?? to.parentElement.querySelector("input[required], select[required]")
    ?? to.parentElement.querySelector("button"))?.focus();
}

// details opens what is folded in the row, else on the page, and closes it when all of it is open.
function details() {
  const row = rowOf(focused());
  const below = row?.nextElementSibling?.matches(".folded") ? row.nextElementSibling : row;
  let list = row ? [...below.querySelectorAll("details")] : [];
  if (list.length === 0) list = [...document.querySelectorAll("main details:not(.action, .filter)")];
  const open = !list.every((one) => one.open);
  for (const one of list) one.open = open;
}

function copy() {
  const action = document.activeElement?.closest?.("details.action");
  const row = rowOf(focused());
  const what = action?.querySelector("[data-curl]") ?? (action ? action.querySelector("pre") : null)
    ?? row?.querySelector("[data-copy], [data-open] code, [data-open]") ?? document.querySelector("main [data-copy]");
  if (what) window.iagent.copy(what.textContent.trim());
}

let going = 0; // until when a letter is taken as a section

const handlers = {
  "j": () => step(1),
  "k": () => step(-1),
  "Enter": () => focused()?.click(),
  "[": () => follow("["),
  "]": () => follow("]"),
  "r": act,
  "d": details,
  "c": copy,
  "t": () => window.iagent.nextTimes(),
  "/": () => find?.showModal(),
  "Ctrl-k": () => find?.showModal(),
  "g": () => { going = Date.now() + 2000; },
  "?": () => help?.showModal(),
};

document.addEventListener("keydown", (event) => {
  const on = event.target instanceof Element ? event.target : document.body;
  if (event.defaultPrevented || event.isComposing || event.altKey || on.closest("input, textarea, select, dialog, [contenteditable]")) return;
  if (event.key === "Shift" || event.key === "Control" || event.key === "Meta") return;
  const control = event.ctrlKey || event.metaKey;
  if (Date.now() < going && !control) {
    going = 0;
    const to = document.querySelector(`nav [data-go="${CSS.escape(event.key)}"]`);
    if (to) { event.preventDefault(); to.click(); return; }
  }
  // What has the focus and does something by itself, such as a link or a button, is left to the browser.
  if (event.key === "Enter" && on.closest("a, button, summary, [role=button]")) return;
  const handler = handlers[(control ? "Ctrl-" : "") + (control ? event.key.toLowerCase() : event.key)];
  if (!handler) return;
  event.preventDefault();
  handler();
});

document.getElementById("find-link")?.addEventListener("click", (event) => {
  if (!find || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  find.showModal();
});

// The footer has the keys that do something on this page, also when that comes into it later.
const needed = {
  row: "[data-rows] [data-open]",
  action: '[data-key="r"]',
  details: "main details:not(.action, .filter)",
  text: "main [data-copy], details.action [data-curl], [data-rows] [data-open]",
};
const shown = [...document.querySelectorAll("footer [data-needs]")];
function showKeys() {
  for (const key of shown) key.hidden = key.dataset.needs !== "" && !document.querySelector(needed[key.dataset.needs]);
}
showKeys();
new MutationObserver(showKeys).observe(document.getElementById("content"), { childList: true, subtree: true });

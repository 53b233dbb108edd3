// The pages read and post without scripts. This adds times as one likes them, ids that are copied with one click, and a registry of what
// runs on a page. The keys are in keys.js.
"use strict";

// The registry. What runs begins with iagent.run(element, start); start returns what ends it. It is ended when its element is gone from
// the page and when the page is left, and begun again when the browser brings the page back as it was.
const running = new Map();
const iagent = {
  run(element, start) {
    const entry = { element, start, end: start() };
    running.set(entry, entry);
    return () => { running.delete(entry); entry.end?.(); entry.end = null; };
  },
  get size() { return running.size; },
  say(text) {
    const toast = document.getElementById("toast");
    toast.textContent = text;
    clearTimeout(iagent.said);
    iagent.said = setTimeout(() => { toast.textContent = ""; }, 2500);
  },
  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no secure context, or not allowed
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    iagent.say(`Copied ${text.length > 60 ? text.slice(0, 60) + "…" : text}`);
  },
};
window.iagent = iagent;
addEventListener("pagehide", () => { for (const entry of running.keys()) { entry.end?.(); entry.end = null; } });
addEventListener("pageshow", (event) => { if (event.persisted) for (const entry of running.keys()) entry.end ??= entry.start(); });

// Times: local, how long ago, or UTC. What was chosen is remembered in this browser.
const modes = ["local", "relative", "UTC"];
const remembered = () => { try { return localStorage.getItem("iagent-times"); } catch { return null; } };
let mode = modes.includes(remembered()) ? remembered() : "local";
const local = new Intl.DateTimeFormat(undefined, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const two = (n) => String(n).padStart(2, "0");

// How long ago something was is counted by the clock of the server, which may not be the browser's: the time at which it made this page, and
// what has passed since.
const made = Date.parse(document.querySelector('meta[name="now"]')?.content);
const loaded = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
iagent.now = () => isNaN(made) ? Date.now() : made + Date.now() - loaded;

function ago(at, now) {
  const past = at <= now;
  let s = Math.floor(Math.abs(now - at) / 1000);
  const parts = [];
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    const n = Math.floor(s / length);
    s -= n * length;
    if (n > 0 || unit === "s" && parts.length === 0) parts.push(`${n} ${unit}`);
  }
  const text = parts.slice(0, 2).join(" ");
  return past ? `${text} ago` : `in ${text}`;
}

function show(time) {
  const at = new Date(time.dateTime);
  if (isNaN(at)) return;
  const utc = `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} UTC`;
  time.dataset.utc ??= time.title || `${at.getUTCFullYear()}-${utc}`;
  time.title = `${time.dataset.utc} · ${local.format(at)} local`;
  let text = local.format(at);
  if (mode === "relative") text = ago(at, iagent.now());
  if (mode === "UTC") text = utc;
  if (time.textContent !== text) time.textContent = text;
}

const showAll = (root) => root.querySelectorAll("time[datetime]").forEach(show);
const toggle = document.getElementById("times");
function setMode(next) {
  mode = next;
  try { localStorage.setItem("iagent-times", mode); } catch { /* then it holds for this page */ }
  toggle.textContent = `Times: ${mode === "relative" ? "how long ago" : mode}`;
  showAll(document);
}
iagent.nextTimes = () => { setMode(modes[(modes.indexOf(mode) + 1) % modes.length]); iagent.say(toggle.textContent); };
document.getElementById("times-utc").hidden = true;
toggle.hidden = false;
toggle.addEventListener("click", iagent.nextTimes);
setMode(mode);
iagent.run(document.body, () => {
  const tick = setInterval(() => { if (mode === "relative" && !document.hidden) showAll(document); }, 1000);
  return () => clearInterval(tick);
});

for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

// A row opens where it is clicked or tapped: its link may be beside what a narrow screen shows. Keys have the link.
document.addEventListener("click", (event) => {
  const on = event.target instanceof Element ? event.target : document.body;
  const row = on.closest("[data-rows] tr");
  if (!row || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (on.closest("a, button, input, select, textarea, label, summary, form, [data-copy]") || String(getSelection())) return;
  row.querySelector("[data-open]")?.click();
});

// An id is copied as it is.
function copyable(id) {
  if (id.dataset.copy) return;
  id.dataset.copy = "yes";
  id.tabIndex = 0;
  id.setAttribute("role", "button");
  id.title = "Copy";
  const copy = () => iagent.copy(id.textContent).then(() => {
    id.classList.add("copied");
    setTimeout(() => id.classList.remove("copied"), 800);
  });
  id.addEventListener("click", copy);
  id.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); copy(); }
  });
}
document.querySelectorAll("[data-copy]").forEach(copyable);

// What comes into the page later is treated alike, and what runs for an element that is gone is ended.
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      if (node.matches("time[datetime]")) show(node); else showAll(node);
      node.querySelectorAll("[data-copy]").forEach(copyable);
    }
  }
  for (const entry of running.keys()) {
    if (!entry.element.isConnected) { running.delete(entry); entry.end?.(); }
  }
}).observe(document.body, { childList: true, subtree: true });

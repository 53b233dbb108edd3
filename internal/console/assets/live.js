// One stream of events tells an open page how many rows are new in its list. No row moves: a pill leads to the top of the list. While the
// page is hidden there is no stream.
"use strict";

const address = document.querySelector('meta[name="live"]')?.content;
const pill = document.getElementById("live-pill");
const title = document.title;
let stream = null, failures = 0, again = 0, over = false;

function show({ new: count, more }) {
  if (!pill) return;
  pill.hidden = count === 0;
  pill.textContent = `${count > 999 ? "999+" : count + (more ? "+" : "")} new`;
  document.title = count === 0 ? title : `(${count}) ${title}`;
}

function open() {
  if (stream || over || document.hidden || !address) return;
  stream = new EventSource(address);
  stream.addEventListener("open", () => { failures = 0; });
  stream.addEventListener("list", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("end", () => { over = true; close(); });
  stream.addEventListener("error", () => {
    if (stream?.readyState !== EventSource.CLOSED) return; // it connects again by itself
    close();
    if (++failures < 10) again = setTimeout(open, Math.min(2000 * failures, 15000));
  });
}

function close() {
  clearTimeout(again);
  stream?.close();
  stream = null;
}

document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
addEventListener("pagehide", close);
addEventListener("pageshow", open);
open();

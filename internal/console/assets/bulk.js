// Shows the progress of a bulk job while somebody looks, and the whole page once it is over.
"use strict";

async function look() {
  const shown = document.getElementById("progress");
  if (!shown || shown.dataset.state !== "running") return;
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById("progress");
      if (answer.ok && next) {
        if (next.dataset.state !== "running") {
          location.reload();
          return;
        }
        shown.replaceChildren(...next.childNodes);
      }
    } catch {
      // The server is away: the next look may find it.
    }
  }
  setTimeout(look, 1000);
}

setTimeout(look, 1000);

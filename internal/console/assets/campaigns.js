// The preview of a campaign's form follows what is typed, and a form that calls people is sent once. Without this script both are
// done by buttons, and the server makes sure that nobody is called twice.
"use strict";

for (const form of document.querySelectorAll("form[data-preview]")) {
  const target = document.getElementById(form.dataset.preview);
  let timer, asked;
  const show = async () => {
    asked?.abort();
    asked = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "fragment");
    try {
      const answer = await fetch(form.action, { method: "POST", body, signal: asked.signal });
      if (!answer.ok) return;
      const fragment = new DOMParser().parseFromString(await answer.text(), "text/html");
      const open = [...target.querySelectorAll("details")].map((d) => d.open);
      target.replaceChildren(...fragment.body.childNodes);
      target.querySelectorAll("details").forEach((d, n) => { d.open = open[n] ?? false; });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => { form.querySelector("button").disabled = true; });
  addEventListener("pageshow", () => { form.querySelector("button").disabled = false; });
}

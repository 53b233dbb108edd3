// The player of a recording. The browser's own <audio> plays it, and asks the server for the parts that it needs; the waveform was
// drawn by the server. Nothing is fetched before somebody listens.
"use strict";

const clock = (second) => `${Math.floor(second / 60)}:${String(Math.floor(second % 60)).padStart(2, "0")}`;
// The length is to the nearest second, as in the rest of the page.
const lengthOf = (seconds) => clock(Math.round(seconds));

class Player {
  constructor(root) {
    this.root = root;
    this.audio = root.querySelector("audio");
    this.length = Number(root.dataset.seconds);
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.sentences = [...document.querySelectorAll("[data-reading] li")]
      .filter((li) => li.dataset.recording === root.dataset.player)
      .map((li) => ({ li, start: Number(li.dataset.start) }));
    this.audio.controls = false;
    this.find("controls").hidden = false;
    this.position = this.find("position");
    this.position.hidden = !(this.length > 0);
    this.find("play").addEventListener("click", () => this.toggle());
    this.find("back").addEventListener("click", () => this.back());
    this.find("speed").addEventListener("change", (event) => { this.audio.playbackRate = Number(event.target.value); });
    this.position.addEventListener("input", () => this.seek(Number(this.position.value), !this.audio.paused));
    this.find("waves")?.addEventListener("click", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      this.seek((event.clientX - box.left) / box.width * this.length);
    });
    for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.show());
    for (const name of ["timeupdate", "seeked", "durationchange"]) this.audio.addEventListener(name, () => this.show());
    this.audio.addEventListener("error", () => this.failed());
    this.show();
    root.dataset.ready = "";
  }

  // loaded waits until the browser knows how long the audio is.
  loaded() {
    if (this.audio.readyState >= HTMLMediaElement.HAVE_METADATA) return Promise.resolve();
    this.loading ??= new Promise((resolve, reject) => {
      this.audio.addEventListener("loadedmetadata", resolve, { once: true });
      this.audio.addEventListener("error", reject, { once: true });
      this.audio.preload = "auto";
      this.audio.load();
    }).finally(() => { this.loading = undefined; });
    return this.loading;
  }

  // seek goes to a second, and plays from there.
  async seek(second, play = true) {
    for (const other of players) if (other !== this) other.audio.pause();
    this.wanted = second;
    this.problem("");
    try {
      await this.loaded();
      if (this.wanted !== second) return; // somebody wants another by now
      this.audio.currentTime = Math.max(0, Math.min(second, this.audio.duration || second));
      if (play) await this.audio.play();
    } catch (error) {
      if (error?.name !== "AbortError") this.show();
    }
  }

  toggle() {
    if (this.audio.paused) this.seek(this.audio.ended ? 0 : this.audio.currentTime);
    else this.audio.pause();
  }

  back() { this.seek(Math.max(0, this.audio.currentTime - 5), !this.audio.paused); }

  show() {
    const now = this.audio.currentTime;
    if (this.audio.duration > 0 && Number.isFinite(this.audio.duration)) {
      this.length = this.audio.duration;
      this.position.max = this.length;
      this.position.hidden = false;
      this.find("total").textContent = lengthOf(this.length);
    }
    this.find("play").textContent = this.audio.paused ? "Play" : "Pause";
    this.find("time").textContent = clock(now);
    this.position.value = now;
    this.position.setAttribute("aria-valuetext", `${clock(now)} of ${lengthOf(this.length)}`);
    const svg = this.root.querySelector("svg");
    if (svg) {
      const x = this.length > 0 ? now / this.length * svg.viewBox.baseVal.width : 0;
      svg.querySelector(".played").setAttribute("width", x);
      const cursor = svg.querySelector(".cursor");
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
    this.follow(now);
  }

  // follow marks the sentence that is heard, and keeps it in sight.
  follow(now) {
    const begun = this.audio.paused && now === 0 ? undefined : this.sentences.findLast((s) => s.start <= now + 0.05)?.li;
    if (begun === this.current) return;
    this.current?.removeAttribute("aria-current");
    this.current = begun;
    begun?.setAttribute("aria-current", "true");
    const box = document.querySelector("[data-reading]");
    if (!begun || !this.find("follow").checked || !box) return;
    const a = begun.getBoundingClientRect(), b = box.getBoundingClientRect();
    if (a.top < b.top || a.bottom > b.bottom) box.scrollTop += a.top - b.top - b.height / 3;
  }

  problem(text) {
    const line = this.find("problem");
    line.textContent = text;
    line.hidden = text === "";
  }

  // failed says in the server's words why there is no audio.
  async failed() {
    let said = "";
    try {
      const answer = await fetch(this.audio.currentSrc, { headers: { Range: "bytes=0-0" } });
      if (!answer.ok && answer.headers.get("Content-Type")?.startsWith("text/plain")) said = (await answer.text()).trim();
    } catch { /* no connection */ }
    this.problem(said || "The audio could not be fetched. Play tries again.");
    this.show();
  }
}

const players = [...document.querySelectorAll("[data-player]")].map((root) => new Player(root));
const playerOf = (sid) => players.find((p) => p.root.dataset.player === sid);

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-seek]");
  const sentence = event.target.closest("[data-reading] li");
  if (event.target.closest("a, button") !== link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!link && (!sentence || !getSelection().isCollapsed)) return;
  const player = playerOf(link ? link.dataset.seek : sentence.dataset.recording);
  if (!player) return;
  event.preventDefault();
  player.seek(Number(link ? link.dataset.second : sentence.dataset.start));
});

const handlers = {
  "p": (player) => player.toggle(),
  "b": (player) => player.back(),
};

document.addEventListener("keydown", (event) => {
  if (!Object.hasOwn(handlers, event.key) || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]):not([type=checkbox]), textarea, select, dialog")) return;
  const player = players.find((p) => !p.audio.paused) ?? players.find((p) => p.audio.currentTime > 0) ?? players[0];
  if (!player) return;
  event.preventDefault();
  handlers[event.key](player);
});

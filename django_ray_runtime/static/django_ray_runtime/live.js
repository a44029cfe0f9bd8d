// Keeps the rows of this page up to date: asks every two seconds for those that have not ended,
// and rests while the page is hidden. What pages and the server say is in admin/live.py.
"use strict";
{
  const PERIOD = 2000;
  const LONGEST = 30000; // between tries while the server does not answer
  let wait = PERIOD;
  let timer = null;
  let stopped = false;

  const marks = () => [...document.querySelectorAll("[data-live-id][data-unfinished]")];

  function update(mark, row) {
    const place = mark.closest("tr") || mark;
    for (const [name, html] of Object.entries(row.cells)) {
      for (const cell of place.querySelectorAll(`[data-live="${name}"]`)) {
        // The server escaped it. What stays the same is left alone: readers would hear it again.
        if (cell.dataset.shown !== html) {
          cell.innerHTML = html;
          cell.dataset.shown = html;
        }
      }
    }
    if (!row.unfinished) {
      mark.removeAttribute("data-unfinished");
      place.querySelectorAll(".drr-ended").forEach((note) => { note.hidden = false; });
      document.querySelectorAll(".drr-while-unfinished").forEach((link) => { link.hidden = true; });
    }
  }

  async function look() {
    const found = marks();
    if (!found.length) return;
    const url = document.querySelector("[data-live-url]").dataset.liveUrl;
    const ids = found.map((mark) => mark.dataset.liveId).join(".");
    const answer = await fetch(`${url}?ids=${ids}`, { headers: { Accept: "application/json" } });
    // Logged out meanwhile, or no longer allowed: asking again would not help.
    if (answer.redirected || answer.status === 403) { stopped = true; return; }
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { rows } = await answer.json();
    for (const mark of found) {
      const row = rows[mark.dataset.liveId];
      if (row) update(mark, row);
      else mark.removeAttribute("data-unfinished"); // pruned meanwhile
    }
  }

  async function turn() {
    try {
      await look();
      wait = PERIOD;
    } catch {
      wait = Math.min(2 * wait, LONGEST);
    }
    plan(wait);
  }

  function plan(pause) {
    clearTimeout(timer);
    if (!document.hidden && !stopped) timer = setTimeout(turn, pause);
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector("[data-live-url]")) return;
    plan(PERIOD);
    document.addEventListener("visibilitychange", () => plan(0));
  });
}

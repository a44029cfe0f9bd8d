// Shows what the order comes to while the form is filled in: half a second after the last change
// the server is asked, with the form as it is.
"use strict";
{
  const PAUSE = 500;

  function follow(form) {
    const shown = form.querySelector("[data-figures]");
    let timer = null;
    let asked = null;

    async function ask() {
      asked?.abort();
      asked = new AbortController();
      const { signal } = asked;
      try {
        const answer = await fetch(form.dataset.checkUrl, {
          method: "POST", body: new FormData(form), signal,
        });
        // Logged out meanwhile, or the server has trouble: the button Check tells what it is.
        if (answer.redirected || !answer.ok) return;
        const { html } = await answer.json();
        // The server escaped it. What stays the same is left alone: readers would hear it again.
        if (!signal.aborted && shown.dataset.html !== html) {
          shown.innerHTML = html;
          shown.dataset.html = html;
        }
      } catch {
        // A later change took over, or there is no network; the next change asks again.
      }
    }

    // As far as it was opened with something filled in; not where the server has told already.
    if (!shown.querySelector("dl") && !form.querySelector(".errorlist")) ask();
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("form[data-check-url]").forEach(follow);
  });
}

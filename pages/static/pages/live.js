// Keeps what carries data-live up to date: through a stream of server-sent events, and by asking
// every two seconds (data-poll) where there is none.
"use strict";
{
  const POLL = 2000;
  const PATIENCE = 3; // failures of the stream before it is given up

  function follow(element) {
    let failures = 0;
    let over = false;
    let source = null;

    function show(html) {
      if (over) return;
      failures = 0;
      // The server escaped it. What has not changed is left alone: focus and readers stay.
      if (element.dataset.shown !== html) {
        element.innerHTML = html;
        element.dataset.shown = html;
      }
      if (element.querySelector("[data-ended]")) {
        over = true;
        source?.close();
        // Its outcome is another page at the same address.
        location.reload();
      }
    }

    async function poll() {
      if (over || !element.isConnected) return;
      try {
        const answer = await fetch(element.dataset.poll, { headers: { "X-Fragment": "1" } });
        if (answer.redirected) return; // logged out meanwhile
        if (answer.ok) show(await answer.text());
      } catch {
        // No network; the next time.
      }
      setTimeout(poll, POLL);
    }

    function listen() {
      source = new EventSource(element.dataset.live);
      source.onmessage = (event) => show(JSON.parse(event.data));
      source.onerror = () => {
        failures += 1;
        if (source.readyState !== EventSource.CLOSED && failures < PATIENCE) return;
        source.close();
        element.dataset.way = "poll";
        poll();
      };
    }

    // A browser opens six connections to a site at most: a page that nobody sees needs none.
    document.addEventListener("visibilitychange", () => {
      if (over || element.dataset.way !== "stream") return;
      source?.close();
      if (!document.hidden) listen();
    });

    element.dataset.way = window.EventSource ? "stream" : "poll";
    if (!window.EventSource) poll();
    else if (!document.hidden) listen();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-live]").forEach(follow);
  });
}

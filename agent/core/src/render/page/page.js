// Shows what changed without a reload. The page says the same without it.
(() => {
  "use strict";
  if (!window.EventSource) return;
  const prefix = document.documentElement.dataset.prefix;
  const live = document.getElementById("live");
  let busy = false;
  let again = false;

  async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href);
      if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The next event tries again.
    }
    busy = false;
    if (again) {
      again = false;
      refresh();
    }
  }

  // What somebody opened stays open, and the focus stays where it was.
  function replace(next) {
    const main = document.getElementById("main");
    const fresh = next.getElementById("main");
    if (!fresh) return;
    for (const details of fresh.querySelectorAll("details[id]")) {
      const before = document.getElementById(details.id);
      if (before) details.open = before.open;
    }
    const links = [...main.querySelectorAll("a, summary, [tabindex]")];
    const focused = links.indexOf(document.activeElement);
    main.replaceWith(fresh);
    document.title = next.title;
    if (focused >= 0) {
      fresh.querySelectorAll("a, summary, [tabindex]")[focused]?.focus({ preventScroll: true });
    }
  }

  const since = document.getElementById("main").dataset.version;
  const events = new EventSource(`${prefix}/events?since=${since}`);
  events.addEventListener("changed", refresh);
  events.addEventListener("open", () => { live.textContent = "live"; });
  events.addEventListener("error", () => { live.textContent = "not connected"; });
})();

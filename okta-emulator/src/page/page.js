// Keeps the page fresh: fetches it again, and replaces what has changed.
// Without this script the browser reloads the page every few seconds.
"use strict";

const said = document.getElementById("said");
const lost = document.getElementById("lost");
const pause = document.getElementById("pause");
let paused = false;
let asking = false;
let took = 0;

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Resume updates" : "Pause updates";
  document.body.classList.toggle("paused", paused);
  refresh();
});

// Text must not move while somebody selects it.
function isMarking() {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed;
}

async function refresh() {
  if (paused || asking || document.hidden || isMarking()) return;
  asking = true;
  const started = performance.now();
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  } finally {
    asking = false;
    took = performance.now() - started;
  }
}

function show(page) {
  const fresh = page.querySelectorAll("[data-live]");
  document.querySelectorAll("[data-live]").forEach((part, n) => {
    if (fresh[n] && fresh[n].innerHTML !== part.innerHTML) replace(part, fresh[n]);
  });
  const summary = page.getElementById("said");
  if (summary && summary.dataset.summary !== said.dataset.summary) {
    said.dataset.summary = summary.dataset.summary;
    said.textContent = summary.dataset.summary;
  }
}

// Keeps the keyboard focus and the tables' scroll positions.
function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const scrolled = [...part.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  part.innerHTML = fresh.innerHTML;
  part.querySelectorAll(".scroll").forEach((box, n) => (box.scrollLeft = scrolled[n] || 0));
  if (!focused) return;
  const label = focused.getAttribute("aria-label");
  const again = focused.id
    ? document.getElementById(focused.id)
    : label && part.querySelector(`[aria-label="${CSS.escape(label)}"]`);
  if (again) again.focus({ preventScroll: true });
}

// A slow page is fetched less often.
async function keepFresh() {
  await refresh();
  setTimeout(keepFresh, Math.max(1000, took * 10));
}

keepFresh();
document.addEventListener("visibilitychange", refresh);

// Small manners of every page. Whatever needs them works without, too.
"use strict";
document.addEventListener("change", (event) => {
  // A choice that is a request by itself, and says so.
  if (event.target.matches("select[data-submits]")) event.target.form.requestSubmit();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  navigator.clipboard?.writeText(button.dataset.copies).then(() => {
    button.textContent = button.dataset.copied;
  });
});
document.addEventListener("submit", (event) => {
  const asked = event.target.dataset.confirm;
  if (asked && !window.confirm(asked)) event.preventDefault();
});
document.documentElement.classList.add("js");

{
  // What changes by itself can be held still.
  let paused = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pauses]");
    if (!button) return;
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const trigger = event.detail.elt.getAttribute("hx-trigger") ?? "";
    if (paused && trigger.startsWith("every")) event.preventDefault();
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-pauses]")) button.hidden = false;
  });
}

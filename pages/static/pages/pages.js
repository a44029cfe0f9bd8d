// Small manners of every page. Whatever needs them works without, too.
"use strict";
document.addEventListener("change", (event) => {
  // A choice that is a request by itself, such as the language.
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

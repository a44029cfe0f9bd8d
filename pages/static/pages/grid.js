// The ticket on which numbers are clicked, and the sliders. What is sent are the text fields and
// the sliders themselves: without this script they are filled in by hand.
"use strict";
{
  const STATES = ["fixed", "allowed", "excluded"];

  function numbersOf(input) {
    return (input.value.match(/\d+/g) ?? []).map(Number);
  }

  function ticket(form) {
    const box = form.querySelector("[data-grid]");
    if (!box) return; // of digits there is no such ticket
    const grid = box.querySelector(".ticket");
    const balls = [...grid.querySelectorAll(".ball")];
    const fields = Object.fromEntries(
      STATES.map((state) => [state, form.elements[`${state}_numbers`]]));
    const columns = Number(grid.className.match(/columns-(\d+)/)[1]);

    function paint(ball, state) {
      if (state) ball.dataset.state = state;
      else delete ball.dataset.state;
      ball.setAttribute("aria-pressed", String(Boolean(state)));
      const said = state ? `, ${grid.dataset[state]}` : "";
      ball.setAttribute("aria-label", `${ball.textContent.trim()}${said}`);
    }

    function read() {
      const held = Object.fromEntries(STATES.map((state) => [state, numbersOf(fields[state])]));
      for (const ball of balls) {
        const number = Number(ball.dataset.n);
        paint(ball, STATES.findLast((state) => held[state].includes(number)) ?? "");
      }
    }

    function write() {
      for (const state of STATES) {
        const marked = balls.filter((ball) => ball.dataset.state === state);
        fields[state].value = marked.map((ball) => ball.dataset.n).join(", ");
      }
      form.dispatchEvent(new Event("check"));
    }

    grid.addEventListener("click", (event) => {
      const ball = event.target.closest(".ball");
      if (!ball) return;
      const tool = box.querySelector("input[name=tool]:checked").value;
      paint(ball, ball.dataset.state === tool ? "" : tool);
      write();
    });
    grid.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
      const step = steps[event.key];
      const next = balls[balls.indexOf(document.activeElement) + step];
      if (!step || !next) return;
      event.preventDefault();
      document.activeElement.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    box.querySelector("[data-clear]").addEventListener("click", () => {
      balls.forEach((ball) => paint(ball, ""));
      write();
    });
    for (const field of Object.values(fields)) field.addEventListener("input", read);
    read();
    box.hidden = false;
    // What was typed wrongly must be seen.
    form.querySelector("[data-typed]").open = form.querySelector("[data-typed] .error:not(:empty)") !== null;
  }

  function sliders(form) {
    function told(input) {
      const other = form.elements[input.dataset.low ?? input.dataset.high];
      // One end pushes the other: the lower is never above the upper.
      if (input.dataset.low && Number(input.value) > Number(other.value)) other.value = input.value;
      if (input.dataset.high && Number(input.value) < Number(other.value)) other.value = input.value;
      const box = input.closest(".slider");
      const [low, high] = [...box.querySelectorAll("input[type=range]")].map((one) => one.value);
      box.querySelector("output").textContent = high === undefined ? `≤ ${low}` : `${low} – ${high}`;
    }
    for (const input of form.querySelectorAll(".slider input[type=range]")) {
      input.addEventListener("input", () => told(input));
    }
  }

  function reshape(form) {
    // Another lottery or ticket has another grid and other sliders: the page comes anew, with what
    // was wished so far.
    for (const input of form.querySelectorAll("[data-reshapes]")) {
      input.addEventListener("change", () => {
        if (!input.checkValidity()) return;
        const wishes = new URLSearchParams();
        for (const [name, value] of new FormData(form)) {
          if (value && !["csrfmiddlewaretoken", "once"].includes(name)) wishes.append(name, value);
        }
        sessionStorage.setItem("focused", input.id);
        location.assign(`${form.dataset.again}?${wishes}`);
      });
    }
    const focused = sessionStorage.getItem("focused");
    sessionStorage.removeItem("focused");
    if (focused) document.getElementById(focused)?.focus();
    form.querySelector("[data-reset]").addEventListener("click", (event) => {
      event.preventDefault();
      location.assign(`${form.dataset.again}?lottery=${form.elements.lottery.value}`);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-order]");
    if (!form) return;
    ticket(form);
    sliders(form);
    reshape(form);
    // Fields that are named in an answer are marked.
    document.body.addEventListener("htmx:afterSettle", () => {
      for (const told of form.querySelectorAll(".error[id^=error-]")) {
        const field = form.elements[told.id.slice("error-".length)];
        if (field?.setAttribute) field.setAttribute("aria-invalid", String(Boolean(told.textContent.trim())));
      }
      const typed = form.querySelector("[data-typed]");
      if (typed?.querySelector(".error:not(:empty)")) typed.open = true;
    });
  });
}

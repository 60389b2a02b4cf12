// Answers by the keyboard: each question takes one key, and the next one is ready. Without a script, Tab, arrows and Enter do.
"use strict";

const form = document.querySelector("#replies");
if (form) {
  const groups = [...form.querySelectorAll(".asked")];
  const choices = (group) => [...group.querySelectorAll("input")];
  const focus = (group, intoView = true) => {
    const inputs = choices(group);
    (inputs.find((input) => input.checked) || inputs[0]).focus({ preventScroll: true });
    if (intoView) group.closest(".rated").scrollIntoView({ block: "nearest", behavior: "instant" });
  };
  const step = (group, by) => {
    const next = groups[groups.indexOf(group) + by];
    if (next) focus(next);
    else if (by > 0) form.querySelector("#comment").focus();
  };

  form.addEventListener("keydown", (event) => {
    const group = event.target.closest(".asked");
    if (event.target.id === "comment" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    if (!group || event.ctrlKey || event.metaKey || event.altKey) return;
    const inputs = choices(group);
    const key = event.key.toLowerCase();
    const letters = inputs.map((input) => input.nextElementSibling.textContent.trim()[0].toLowerCase());
    const place = letters.includes(key) ? letters.indexOf(key) : /^[1-9]$/.test(key) ? Number(key) - 1 : -1;
    if (place >= 0 && place < inputs.length) {
      inputs[place].checked = true;
      step(group, 1);
    } else if (key === "0" || key === "x") {
      inputs.forEach((input) => { input.checked = false; });
      step(group, 1);
    } else if (key === "backspace") {
      step(group, -1);
    } else return;
    event.preventDefault();
  });

  const open = groups.find((group) => !choices(group).some((input) => input.checked));
  const first = open || groups[0];
  focus(first, first !== groups[0]); // whoever begins reads the conversation first
}

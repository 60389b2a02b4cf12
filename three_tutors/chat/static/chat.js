// Shows replies as they are written, announces finished ones, sends on Enter. Texts become text nodes, never markup.
"use strict";

const announcer = document.querySelector(".announcer");

function follow(exchange) {
  const events = new EventSource(exchange.dataset.events);
  const column = (key) => exchange.querySelector(`.reply[data-key="${CSS.escape(key)}"]`);

  events.addEventListener("piece", (event) => {
    const { key, text, first } = JSON.parse(event.data);
    const shown = column(key).querySelector(".text");
    shown.classList.add("raw");
    shown.textContent = first ? text : shown.textContent + text;
    if (text) column(key).querySelector(".waiting").hidden = true;
  });

  events.addEventListener("waiting", (event) => {
    const { key, text } = JSON.parse(event.data);
    column(key).querySelector(".waiting").textContent = text;
  });

  events.addEventListener("reply", (event) => {
    const reply = JSON.parse(event.data);
    finish(column(reply.key), reply);
    format(column(reply.key).querySelector(".text"), exchange.dataset.replies + reply.key);
    const said = document.createElement("p");
    said.textContent = reply.announcement;
    announcer.append(said);
  });

  events.addEventListener("over", () => {
    events.close();
    exchange.querySelector(".stop").remove();
    exchange.querySelector(".below").hidden = false;
    const choose = exchange.querySelector(".choose");
    if (choose) {
      choose.hidden = exchange.querySelectorAll(".reply .tools:not([hidden])").length < 2;
      choose.scrollIntoView({ block: "nearest" }); // not behind the box below
    }
    document.querySelector("#say button").disabled = false;
  });

  events.onerror = () => {
    if (events.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    const lost = document.querySelector(".lost");
    lost.textContent = "The program has stopped. What you see is saved: start it again and open the link that it shows.";
    lost.hidden = false;
  };
}

// Puts the formatted reply in the place of its plain words. The server makes the markup; it is parsed as a document of its own, in which
// nothing runs, because the policy of this page lets no script turn a text into markup.
function format(shown, address) {
  const request = new XMLHttpRequest();
  request.open("GET", address);
  request.responseType = "document";
  request.onload = () => {
    const formatted = request.status === 200 && request.response?.querySelector(".text");
    if (formatted) shown.replaceWith(document.importNode(formatted, true));
  };
  request.send();
}

function finish(column, reply) {
  const text = column.querySelector(".text");
  text.textContent = reply.text;
  text.dataset.text = reply.text;
  column.querySelector(".waiting").hidden = true;
  column.querySelector(".facts").textContent = reply.facts;
  column.querySelector(".tools").hidden = !reply.says;
  if (reply.ending) {
    const ending = column.querySelector(".ending");
    const strong = document.createElement("strong");
    strong.textContent = `${reply.ending}.`;
    ending.replaceChildren(strong, ` ${reply.note}`);
    ending.hidden = false;
  }
  if (reply.left_out.length) {
    const details = column.querySelector(".left-out");
    const count = reply.left_out.length;
    details.querySelector("summary").textContent = `${count} earlier ${count === 1 ? "turn" : "turns"} left out`;
    details.querySelector("ul").replaceChildren(
      ...reply.left_out.map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }),
    );
    details.hidden = false;
  }
}

document.querySelectorAll("[data-events]").forEach(follow);

const form = document.querySelector("#say");
if (form) {
  const text = form.querySelector("textarea");
  const key = location.pathname + (new URLSearchParams(location.search).get("edit") || "") + form.elements.parent.value;
  const kept = sessionStorage.getItem(key); // a half-written turn survives a reload and a look at the scores
  if (new URLSearchParams(location.search).has("script")) sessionStorage.removeItem(key);
  else if (kept !== null) text.value = kept;
  text.addEventListener("input", () => sessionStorage.setItem(key, text.value));
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    const send = form.querySelector("button");
    if (!send.disabled) form.requestSubmit(send);
  });
  if (!document.querySelector(".exchange") || location.hash === "#text") text.focus();
  // Jumping to #newest takes the focus away from the text, so give it back afterwards.
  if (location.hash === "#newest") addEventListener("load", () => setTimeout(() => text.focus({ preventScroll: true })));
}

document.querySelectorAll(".copy").forEach((button) => {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.closest(".reply").querySelector(".text").dataset.text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
});

const loading = document.querySelector(".loading");
if (loading) {
  const ask = async () => {
    const { text } = await (await fetch("/loading")).json();
    if (!text) return loading.remove();
    loading.textContent = text;
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
}

// Filling in a field selects the choice that it belongs to.
document.querySelectorAll(".choice .fields").forEach((fields) => {
  fields.addEventListener("input", () => {
    fields.parentElement.querySelector("input[type=radio]").checked = true;
  });
});

// Small conveniences. Everything works without them, by links and by reloading the page.
"use strict";

const EVERY = 2000; // a worker's progress is worth a look every two seconds
const SAY_EVERY = 15000; // a screen reader should not be interrupted more often

async function fetched(url) {
  const response = await fetch(url, { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
  // A redirect leads to the sign-in page: that does not belong into a piece of this one.
  return response.ok && !response.redirected ? response.text() : null;
}

function replace(place, html) {
  const held = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  place.innerHTML = html;
  if (held) place.querySelector(`[href="${CSS.escape(held)}"]`)?.focus();
}

function watch(place) {
  const says = document.querySelector("[data-says]");
  let said = 0;
  async function look() {
    if (document.hidden) return void setTimeout(look, EVERY);
    const html = await fetched(place.dataset.live).catch(() => null);
    if (html === null) return void setTimeout(look, 5 * EVERY);
    replace(place, html);
    const now = place.firstElementChild;
    if (says && Date.now() - said > SAY_EVERY) {
      says.textContent = now.dataset.now;
      said = Date.now();
    }
    if (place.dataset.state && now.dataset.state !== place.dataset.state) return location.reload(); // other buttons now
    if (now.dataset.done === undefined) setTimeout(look, EVERY);
  }
  setTimeout(look, EVERY);
}

async function once(place) {
  const html = await fetched(place.dataset.once).catch(() => null);
  if (html !== null) replace(place, html);
}

// A picture goes where the cursor is. An editor that knows better says so by taking the event (preventDefault).
function insertPicture(button) {
  const { src, alt, width, height, html } = button.dataset;
  const says = button.closest("section").querySelector("[data-told]");
  const offer = new CustomEvent("candor:image", { cancelable: true, detail: { src, alt, width, height, html } });
  const field = document.querySelector("textarea[name=html]");
  if (document.dispatchEvent(offer) && field) {
    field.setRangeText(html, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (says) says.textContent = `“${button.textContent.trim()}” is in the message.`;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-picture]");
  if (button) insertPicture(button);
});

// What the rules say while somebody writes: below the subject, asked when the hands rest.
const HANDS_REST = 600;

function checkWhileWriting(place) {
  const subject = document.querySelector("form [name=subject]");
  if (!subject) return;
  const form = subject.form;
  let waiting = 0;
  let asked = 0;
  async function ask() {
    const turn = (asked += 1);
    const said = { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { "X-Requested-With": "fetch" } };
    const response = await fetch(place.dataset.check, said).catch(() => null);
    if (!response || !response.ok || response.redirected || turn !== asked) return;
    place.innerHTML = await response.text();
    place.hidden = false;
  }
  subject.parentElement.append(place);
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, HANDS_REST);
  });
  if (subject.value) ask();
}

// Unfold's sidebar and menu buttons are plain spans: give them a keyboard.
function asButton(element) {
  element.setAttribute("role", "button");
  element.setAttribute("tabindex", "0");
  if (!element.getAttribute("aria-label")) element.setAttribute("aria-label", "Menu");
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    element.click();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-live]").forEach(watch);
  document.querySelectorAll("[data-once]").forEach(once);
  document.querySelectorAll("[data-check]").forEach(checkWhileWriting);
  document.querySelectorAll("span[x-on\\:click]").forEach(asButton);
});

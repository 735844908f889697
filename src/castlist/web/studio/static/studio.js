// What pages need beside their HTML: keys, the wall, focus, and what screen readers are told.
"use strict";

const typing = (element) => element.matches("input:not([type=checkbox],[type=radio]), textarea, select");
const fine = matchMedia("(pointer: fine)");

// Keys: each is a button, a link or a box on the page, which says so.

document.addEventListener("keydown", (event) => {
  const at = document.activeElement;
  const empty = at.matches("input[type=text], input:not([type])") && !at.value;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if ((event.ctrlKey || event.metaKey) && key === "z" && !event.shiftKey && (!typing(at) || empty)) {
    const undo = document.getElementById("undo");
    if (undo) {
      event.preventDefault();
      if (awaited) held.push("Undo");
      else undo.requestSubmit();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (awaited && (key.length === 1 || key === "Enter" || key === "Backspace")) {
    event.preventDefault();
    if (!event.repeat) held.push(event.key);
    return;
  }
  if (event.repeat && key === "Enter" && at.matches("[data-focus]")) event.preventDefault(); // of the name before
  if (key === "?" && (!typing(at) || empty)) {
    event.preventDefault();
    document.getElementById("keys").showModal();
    return;
  }
  if (typing(at) && !(empty && /^\d$/.test(key))) return;
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (found) {
    event.preventDefault();
    if (!event.repeat || found.matches("a")) found.click();
  } else if (key.startsWith("Arrow") && at.closest(".wall")) {
    move(event, at);
  } else if (key.length === 1 && key !== " ") {
    document.querySelector("[data-focus]")?.focus(); // where the letter goes
  }
});

// Who types faster than answers come types on: what is typed meanwhile is about the next question.

let awaited = null; // the request of an answer
const held = [];

function goOn(isTaken) {
  awaited = null;
  if (!isTaken) held.length = 0; // it was typed about a question that doesn't come
  const name = document.getElementById("name");
  while (held.length && !awaited) {
    const key = held.shift();
    const button = name?.value ? null : document.querySelector(`button[data-key="${CSS.escape(key)}"]`);
    if (key === "Undo") document.getElementById("undo").requestSubmit();
    else if (!name) held.length = 0;
    else if (button) button.click();
    else if (key === "Backspace") name.value = name.value.slice(0, -1);
    else if (key !== "Enter") name.value += key;
    else if (name.value) name.form.querySelector(".first").click(); // else nobody has seen whom it is to be
  }
}

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens).showModal();
  const closes = event.target.closest("[data-closes]");
  if (closes) document.getElementById(closes.dataset.closes).replaceChildren();
});

// Of a group, only whom the question isn't about is sent: a form may have few fields, and a group many faces.

document.addEventListener("change", (event) => {
  const form = event.target.matches("[data-face]") && event.target.form;
  if (!form) return;
  const left = [...form.querySelectorAll("[data-face]:not(:checked)")];
  form.elements.without.value = left.map((one) => one.value).join(" ");
});

// What becomes of photos that were found wrong, as one field: only of those that aren't kept.

document.getElementById("choices")?.addEventListener("submit", (event) => {
  const chosen = [...document.querySelectorAll("[data-file]")].filter((one) => one.value !== "keep");
  const told = chosen.map((one) => [one.dataset.file, one.value.replace(/^aside$|^to:/, "")]);
  event.target.elements.choices.value = JSON.stringify(Object.fromEntries(told));
});

// The wall: a part is fetched as it comes near; until then it is as high as it will be.

const near = new IntersectionObserver((seen) => seen.forEach(fill), { rootMargin: "1500px" });
const asked = new WeakMap();

async function fill({ target, isIntersecting }) {
  if (!isIntersecting) {
    asked.get(target)?.abort();
    return;
  }
  const stop = new AbortController();
  asked.set(target, stop);
  const answer = await ask(target.dataset.from, { signal: stop.signal });
  const text = await answer?.text().catch(() => null); // it is far away again
  if (!text) return;
  target.innerHTML = text;
  near.unobserve(target);
  delete target.dataset.from;
  target.style.height = "";
}

function measure() {
  const parts = [...document.querySelectorAll(".wall .tiles")];
  if (!parts.length) return;
  const style = getComputedStyle(parts[0]);
  const tracks = style.gridTemplateColumns.split(" ");
  const gap = parseFloat(style.rowGap);
  for (const part of parts) {
    const rows = Math.ceil(part.dataset.count / tracks.length);
    const height = rows * (parseFloat(tracks[0]) + gap) - gap;
    part.style.containIntrinsicBlockSize = `${height}px`;
    if (part.dataset.from) part.style.height = `${height}px`;
  }
}

function move(event, at) {
  const links = [...document.querySelectorAll(".wall .tiles a")];
  const width = getComputedStyle(at.closest(".tiles")).gridTemplateColumns.split(" ").length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width }[event.key];
  const next = links[links.indexOf(at) + step];
  if (next) {
    event.preventDefault();
    next.focus();
  }
}

for (const part of document.querySelectorAll(".wall .tiles[data-from]")) near.observe(part);
measure();
addEventListener("resize", measure);

document.querySelector("[data-jumps] select")?.addEventListener("change", (event) => {
  document.getElementById(event.target.value).previousElementSibling.scrollIntoView();
});

// Files that are dropped or chosen are sent some at a time: a house takes so many, and so much, at once.

const MANY = 50;
const MUCH = 50e6; // bytes

for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault(); // else the browser leaves the page for them
  });
}

async function filesOf({ items, files }) {
  const dropped = [...items].map((one) => one.webkitGetAsEntry());
  if (!dropped.some((one) => one?.isDirectory)) return [...files];
  const found = [];
  for (const one of dropped) {
    if (one.isDirectory) dropped.push(...(await entriesOf(one.createReader())));
    else if (!one.name.startsWith(".")) found.push(await new Promise((...ends) => one.file(...ends)));
  }
  return found;
}

async function entriesOf(reader) {
  const every = [];
  for (;;) {
    const some = await new Promise((...ends) => reader.readEntries(...ends)); // a hundred at a time
    if (!some.length) return every;
    every.push(...some);
  }
}

const sending = document.querySelector("[data-drop]");

async function send(files) {
  const refusals = sending.querySelector("ul");
  const refuse = (file, why) => {
    refusals.append(Object.assign(document.createElement("li"), { textContent: `${file.name}: ${why}` }));
  };
  refusals.replaceChildren();
  sending.setAttribute("aria-busy", "true");
  let done = 0;
  while (done < files.length) {
    const body = new FormData();
    body.set("more", "true");
    const first = done;
    for (let size = 0; done < files.length && done < first + MANY && (!size || size + files[done].size < MUCH); done += 1) {
      const file = files[done];
      size += file.size;
      if (await file.slice(0, 1).arrayBuffer().catch(() => null)) body.append("photos", file);
      else refuse(file, sending.dataset.unread);
    }
    const answer = await post(sending.action, body);
    if (answer) refusals.insertAdjacentHTML("beforeend", await answer.text());
    else if (done === first + 1 && notice.textContent !== notice.dataset.gone) refuse(files[first], notice.querySelector("p").textContent);
    else break;
    const counted = sending.dataset.counted.replace("{done}", done).replace("{total}", files.length);
    sending.querySelector("[role=status]").textContent = counted;
  }
  sending.removeAttribute("aria-busy");
  refusals.parentElement.hidden = !refusals.children.length;
  sending.elements.rest.hidden = refusals.children.length === files.length;
  if (done === files.length && !refusals.children.length) await lookAtThem();
}

async function lookAtThem() {
  const body = new FormData();
  body.set("more", "false");
  const answer = await post(sending.action, body);
  if (answer) location.assign(answer.headers.get("HX-Redirect"));
}

sending?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter.name === "rest") lookAtThem();
  else send([...sending.querySelector("input[type=file]").files]);
});
if (sending) document.addEventListener("drop", async (event) => send(await filesOf(event.dataTransfer)));

// What no page can say: that nobody answers any more, or that whoever asks has to come in again.

const notice = document.getElementById("notice");

function tell(text) {
  const told = document.createElement("p");
  told.className = "problem";
  told.textContent = text;
  notice.replaceChildren(told);
}

function gone() {
  tell(notice.dataset.gone);
}

function refused(status, kind, text) {
  if (!kind?.startsWith("application/problem+json")) return false;
  if (status === 401) location.reload(); // which leads to the door
  else tell(JSON.parse(text).detail);
  return true;
}

// The answer to what a script asks; null: there is none, which is told.

async function ask(address, options) {
  const answer = await fetch(address, { ...options, headers: { "HX-Request": "true" } }).catch((error) => {
    if (error.name !== "AbortError") gone();
  });
  if (!answer) return null;
  if (answer.ok) {
    notice.replaceChildren();
    return answer;
  }
  const text = await answer.text();
  if (!refused(answer.status, answer.headers.get("content-type"), text)) notice.innerHTML = text;
  return null;
}

const post = (address, body) => ask(address, { method: "POST", body });

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  notice.replaceChildren();
  if (detail.target.id === "question") awaited = detail.xhr;
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr === awaited && !detail.successful) goOn(false);
});
document.addEventListener("htmx:sendError", gone);
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { status, responseText } = detail.xhr;
  if (refused(status, detail.xhr.getResponseHeader("content-type"), responseText)) detail.shouldSwap = false;
});

// After each answer: the field is ready, and what changed is said.

function ready() {
  if (fine.matches) document.querySelector("[data-focus]")?.focus();
}

function mark(face) {
  face.focus();
  const box = document.querySelector(`.box[href="#${face.id}"]`);
  if (!box) return; // of a film
  const who = face.querySelector("h2").textContent.trim();
  box.querySelector("text").textContent = who;
  box.setAttribute("aria-label", who);
  box.classList.toggle("named", face.matches(".named"));
}

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const { elt, target, xhr } = detail;
  if (elt?.matches?.(".one-face")) mark(elt);
  if (xhr !== awaited) return; // it is told of each part
  if (!fine.matches && document.activeElement === document.body) document.getElementById("main").focus({ preventScroll: true });
  const said = [...target.querySelectorAll(".done, h2")].map((one) => one.textContent.trim());
  document.getElementById("said").textContent = said.join(" ");
  ready();
  goOn(Boolean(target.querySelector("[data-taken]")));
});
ready();

// A receipt is shown once: whoever loads its page anew sends nothing again, and comes to what follows.

const instead = document.querySelector("a[data-instead]");
if (instead) history.replaceState(null, "", instead.href);

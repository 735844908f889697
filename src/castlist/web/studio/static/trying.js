// Pictures and films that are dropped, and a camera, named by the house; they stay in this page.
"use strict";

const run = document.getElementById("run");
const drop = document.getElementById("drop");
const named = document.getElementById("named");
const pictures = new WeakMap(); // what each article shows

function nameIt(address, photo, more = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ run: run.value, photo, ...more })) form.set(name, value);
  return post(address, form);
}

async function show(answer, photo, before) {
  if (!answer) return;
  const holder = document.createElement("div");
  holder.innerHTML = await answer.text();
  const article = holder.firstElementChild;
  pictures.set(article, photo);
  const film = article.querySelector("video");
  if (film) film.src = URL.createObjectURL(photo);
  if (before) before.replaceWith(article);
  else named.prepend(article);
}

async function name(files) {
  drop.setAttribute("aria-busy", "true");
  const refusals = [];
  for (const file of files) {
    const answer = await nameIt("/try", file);
    await show(answer, file);
    if (!answer) refusals.push(`${file.name}: ${notice.querySelector("p")?.textContent}`);
  }
  if (files.length > 1 && refusals.length) tell(refusals.join("\n"));
  drop.removeAttribute("aria-busy");
}

if (drop) {
  document.getElementById("pictures").addEventListener("change", (event) => name([...event.target.files]));
  document.addEventListener("drop", async (event) => name(await filesOf(event.dataTransfer)));
  document.getElementById("camera").addEventListener("click", turn);
}

document.addEventListener("click", (event) => {
  const time = event.target.closest("[data-at]");
  if (time) time.closest("article").querySelector("video").currentTime = Number(time.dataset.at);
});

document.addEventListener("click", (event) => {
  const face = event.target.closest("[data-face]");
  if (!face) return;
  event.preventDefault();
  const form = face.closest("article").querySelector("[data-enrols]");
  if (!form) return;
  form.hidden = false;
  form.elements.face.value = face.dataset.face;
  form.elements.name.focus();
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-enrols]");
  if (!form) return;
  event.preventDefault();
  const article = form.closest("article");
  const photo = pictures.get(article);
  const told = { face: form.elements.face.value, name: form.elements.name.value };
  await show(await nameIt("/try/enrol", photo, told), photo, article);
});

// The camera: one frame after the other, each when the one before has its names.

const live = document.getElementById("live");
const video = document.getElementById("video");
let stream = null;
let frame = null; // the last one that was named

live?.addEventListener("click", () => frame && name([frame])); // on a face, or on the button there

async function turn() {
  const button = document.getElementById("camera");
  notice.replaceChildren();
  if (stream) {
    for (const track of stream.getTracks()) track.stop();
    stream = null;
  } else {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640 }, audio: false });
      video.srcObject = stream;
      stream.getTracks()[0].addEventListener("ended", turn); // unplugged
      await video.play();
      watch();
    } catch (error) {
      stream = null;
      tell(error.name === "NotFoundError" ? live.dataset.none : live.dataset.refused);
    }
  }
  button.setAttribute("aria-pressed", String(Boolean(stream)));
  live.hidden = !stream;
}

async function watch() {
  const canvas = document.createElement("canvas");
  while (stream) {
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    const answer = await nameIt("/try/frame", frame);
    if (!answer) await new Promise((done) => setTimeout(done, 1000));
    else if (stream) draw(await answer.json(), canvas);
  }
}

function draw({ faces }, { width, height }) {
  const over = document.getElementById("over");
  over.setAttribute("viewBox", `0 0 ${width} ${height}`);
  over.replaceChildren(
    ...faces.flatMap(({ box: [x, y, w, h], text, named: known }) => {
      const [rect, label] = ["rect", "text"].map((kind) => document.createElementNS("http://www.w3.org/2000/svg", kind));
      for (const [key, value] of Object.entries({ x, y, width: w, height: h, rx: 4 })) rect.setAttribute(key, value);
      for (const [key, value] of Object.entries({ x, y: Math.min(y + h + 18, height - 5), "font-size": 18 })) label.setAttribute(key, value);
      label.textContent = text;
      rect.classList.add(known ? "named" : "unnamed");
      return [rect, label];
    }),
  );
  const said = faces.map((face) => face.text.replace(/ \d+ %$/, "")).join(", ");
  const seen = document.getElementById("seen");
  if (seen.textContent !== said) seen.textContent = said; // said once, not with every frame
}

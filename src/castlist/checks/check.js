"use strict";
// A photo may be in several findings: its choices go together. What is chosen leaves the page only as a downloaded file.
const boxes = [...document.querySelectorAll(".decision")];
const chosen = new Map(); // file -> {do, to}
const data = document.body.dataset;
let saved = true;

function show(file) {
  const { deed, to } = chosen.get(file);
  for (const box of boxes.filter((one) => one.dataset.file === file)) {
    box.querySelector(`input[value="${deed}"]`).checked = true;
    box.querySelector(".to").value = to;
    box.dataset.deed = deed;
  }
}

function count() {
  const deeds = [...chosen.values()].map((one) => one.deed);
  for (const output of document.querySelectorAll("output")) {
    output.textContent = deeds.filter((deed) => deed === output.dataset.deed).length;
  }
}

function choose(file, deed, to) {
  chosen.set(file, { deed, to: deed === "move" ? to : "" });
  saved = false;
  show(file);
  count();
}

function suggest(box) {
  const suggested = box.dataset.suggested;
  if (suggested === "aside") choose(box.dataset.file, "aside", "");
  else if (suggested) choose(box.dataset.file, "move", suggested.slice("move to ".length));
}

for (const box of boxes) {
  const { file } = box.dataset;
  chosen.set(file, { deed: "keep", to: "" });
  const to = box.querySelector(".to");
  box.addEventListener("change", (event) => {
    if (event.target === to) choose(file, to.value.trim() ? "move" : "keep", to.value.trim());
    else if (event.target.value !== "move" || to.value.trim()) choose(file, event.target.value, to.value.trim());
    else to.focus();
  });
}
for (const button of document.querySelectorAll("button.suggested")) {
  button.addEventListener("click", () => button.closest(".group").querySelectorAll(".decision").forEach(suggest));
}

for (const all of document.querySelectorAll(".all")) {
  const to = all.querySelector(".to");
  const give = (deed, name) => {
    for (const box of all.closest(".group").querySelectorAll(".decision")) choose(box.dataset.file, deed, name);
  };
  all.querySelector(".aside").addEventListener("click", () => give("aside", ""));
  all.querySelector(".move").addEventListener("click", () => (to.value.trim() ? give("move", to.value.trim()) : to.focus()));
}

// TOML's basic strings are JSON's, but for one control character.
const quote = (text) => JSON.stringify(text).replaceAll("\u007f", "\\u007f");

document.querySelector("#download").addEventListener("click", () => {
  let text = `${data.head}version = ${data.version}\nroot = ${quote(data.root)}\n`;
  const seen = new Set();
  for (const box of boxes) {
    const { file, sha256 } = box.dataset;
    if (seen.has(file)) continue;
    seen.add(file);
    const { deed, to } = chosen.get(file);
    text += `\n[[photo]]\nfile = ${quote(file)}\nsha256 = ${quote(sha256)}\ndo = ${quote(deed)}\n`;
    if (deed === "move") text += `to = ${quote(to)}\n`;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/toml" }));
  // Each download has a name of its own: a browser that renames a second one would leave the first to be carried out.
  const now = new Date();
  const moment = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 19).replace(/[-:]/g, "");
  link.download = `DECISIONS-${moment.replace("T", "-")}.toml`;
  link.click();
  URL.revokeObjectURL(link.href);
  const command = document.querySelector("#command");
  command.querySelector("code").textContent = `castlist check --apply ${link.download}`;
  command.hidden = false;
  saved = true;
});
addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
count();

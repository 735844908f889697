// Follows a work that takes long: how far it is, and the curves of a training; at its end the page is loaded anew.
"use strict";

const work = document.querySelector("[data-work]");
const curves = document.getElementById("curves");
const bar = document.getElementById("bar");
const counted = document.getElementById("counted");
const going = document.getElementById("going");
const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function plot(title, series) {
  const ink = getComputedStyle(document.body).color;
  const line = getComputedStyle(document.documentElement).getPropertyValue("--line");
  const axis = { stroke: ink, grid: { stroke: line }, ticks: { stroke: line } };
  const colors = ["#2f9c8c", "#d0642f"];
  return new uPlot(
    {
      title,
      width: Math.max(260, curves.clientWidth / (curves.clientWidth > 700 ? 2 : 1) - 40),
      height: 260,
      scales: { x: { time: false } },
      axes: [axis, axis],
      series: [
        { label: curves.dataset.epochs },
        ...series.map((label, i) => ({ label, stroke: colors[i], width: 2, dash: i ? [6, 4] : [] })),
      ],
    },
    [[], [], []],
    curves,
  );
}

if (work) {
  const rows = { x: [], loss: [[], []], accuracy: [[], []] };
  const stop = work.querySelector("button");
  let plots = null;
  let saidTenth = 0;
  const stream = new EventSource(work.dataset.work);
  stream.onopen = () => notice.replaceChildren();
  stream.onerror = () => {
    if (stream.readyState === EventSource.CLOSED) location.reload(); // whoever follows it has to come in again
    else gone();
  };
  const told = (kind, tell) =>
    stream.addEventListener(kind, (event) => {
      if (!stop.disabled) going.textContent = work.dataset.going;
      tell(JSON.parse(event.data));
    });
  const count = (text) => {
    counted.textContent = text;
    const tenth = Math.floor((10 * bar.value) / bar.max);
    if (tenth > saidTenth) document.getElementById("said").textContent = text; // more often would be noise
    saidTenth = tenth;
  };
  work.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    stop.disabled = true;
    going.textContent = work.dataset.stopping;
  });

  told("Stage", () => {
    counted.textContent = "";
  });
  told("Counted", ({ done, of }) => {
    bar.max = of || 1;
    if (of) bar.value = done;
    else bar.removeAttribute("value");
    count(of ? fillIn(work.dataset.counted, { done, total: of }) : String(done));
  });
  told("Progress", (now) => {
    bar.max = now.epochs * now.steps;
    bar.value = (now.epoch - 1) * now.steps + now.step;
    count(fillIn(work.dataset.epoch, now));
    if (!now.finished) return;
    const one = now.finished;
    rows.x.push(one.epoch);
    rows.loss[0].push(one.loss);
    rows.loss[1].push(one.val_loss);
    rows.accuracy[0].push(one.accuracy);
    rows.accuracy[1].push(one.val_accuracy);
    if (!plots) {
      curves.hidden = false;
      const series = [curves.dataset.learnt, curves.dataset.checked];
      plots = [plot(curves.dataset.loss, series), plot(curves.dataset.accuracy, series)];
    }
    plots[0].setData([rows.x, ...rows.loss]);
    plots[1].setData([rows.x, ...rows.accuracy]);
    for (const one of plots) one.setLegend({ idx: rows.x.length - 1 });
  });
  for (const end of work.dataset.ends.split(" ")) {
    told(end, () => {
      stream.close();
      location.reload();
    });
  }
} else {
  const onward = document.querySelector("[data-onward]");
  if (onward) location.replace(onward.href);
}

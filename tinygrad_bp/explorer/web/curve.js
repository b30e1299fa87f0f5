// The error curve: the error after each round so far, and the ways to go to a round.

import { el, onEnter, put, set, svg, toggle } from "./svg.js";
import { counted, parsed, written } from "./numbers.js";
import { text } from "./text.js";
import { MOST_ROUNDS } from "./training.js";

const HEIGHT = 180;
const TOP = 24;
const BOTTOM = HEIGHT - 26;
const LEFT = 64;
const RIGHT = 16; // from the right edge
const STRAIGHT = [(x) => x, (x) => x];
const ICONS = { first: "M3 3v10M13 3 6 8l7 5z", previous: "M11 3 4 8l7 5z", next: "M5 3l7 5-7 5z", last: "M13 3v10M3 3l7 5-7 5z" };

// From numbers to pixels and back. `bend` and `unbend` make the scale logarithmic.
function axisOf([low, high], [start, end], [bend, unbend]) {
  const from = bend(low);
  const scale = (end - start) / (bend(high) - from);
  return { at: (x) => start + (bend(x) - from) * scale, back: (pixel) => unbend((pixel - start) / scale + from) };
}

// The rounds to draw: of those that share a pixel, the one with the smallest error and the one with the largest.
function roundTicks(errors, last, axis) {
  const rounds = [];
  let first = 0;
  while (first <= last) {
    const next = Math.min(last + 1, Math.max(first + 1, Math.ceil(axis.back(Math.floor(axis.at(first)) + 1))));
    let low = first;
    let high = first;
    for (let round = first + 1; round < next; round++) {
      if (errors[round] < errors[low]) low = round;
      else if (errors[round] > errors[high]) high = round;
    }
    rounds.push(Math.min(low, high));
    if (low !== high) rounds.push(Math.max(low, high));
    first = next;
  }
  return rounds;
}

// Round numbers from `low` to `high`, about as many as wanted.
function ticksOf(low, high, wanted) {
  const rough = (high - low) / wanted;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

// The same for a logarithmic axis: powers of ten, if there are enough of them.
function decadesOf(low, high, wanted) {
  const span = Math.log10(high / low);
  if (span < 1) return ticksOf(low, high, wanted);
  const factors = span < 2 ? [1, 2, 5] : [1];
  const every = Math.ceil(span / wanted);
  const ticks = [];
  for (let power = Math.floor(Math.log10(low) / every) * every; 10 ** power <= high; power += every) {
    ticks.push(...factors.map((factor) => Number(`${factor}e${power}`)).filter((x) => x >= low && x <= high));
  }
  return ticks;
}

function pathOf(rounds, errors, across, up) {
  return rounds.map((round, k) => `${k ? "L" : "M"}${across.at(round).toFixed(1)} ${up.at(errors[round]).toFixed(1)}`).join("");
}

export function curveView(app) {
  const readout = el("p", { class: "curve-readout" });
  const grid = svg("g", { class: "curve-grid" });
  const ghostLine = svg("path", { class: "curve-ghost" });
  const line = svg("path", { class: "curve-line" });
  const end = svg("g", { class: "curve-end" });
  const hover = pointerAt("curve-hover");
  const marker = pointerAt("curve-marker");
  const tag = svg("rect", { class: "curve-tag", y: BOTTOM + 4, height: 18, rx: 9 });
  marker.group.insertBefore(tag, marker.label);
  set(marker.label, "y", BOTTOM + 17);
  set(hover.label, "y", TOP - 9);
  const chart = svg(
    "svg",
    {
      class: "curve-chart",
      role: "img",
      height: HEIGHT,
      onpointermove: (event) => point(pointed(event)),
      onpointerleave: () => point(null),
      onclick: (event) => go(pointed(event)),
    },
    grid,
    ghostLine,
    line,
    marker.group,
    end,
    hover.group,
  );

  const slider = el("input", {
    class: "curve-slider",
    type: "range",
    step: "any",
    "aria-label": text("curve.slider"),
    oninput: () => go(Math.round(across.back(slider.valueAsNumber))),
    onkeydown: (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!by) return;
      event.preventDefault(); // its own step would be too small to reach the next round, or skip some
      go(latest.round + by);
    },
  });
  const places = { first: () => 0, previous: () => latest.round - 1, next: () => latest.round + 1, last: () => app.training.rounds };
  const buttons = Object.entries(places).map(([name, round]) => {
    const words = text(`curve.${name}`);
    return el(
      "button",
      { class: "button curve-button", type: "button", title: words, "aria-label": words, onclick: () => go(round()) },
      svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: ICONS[name] })),
    );
  });

  const scales = ["logScale", "logRounds"].map((key) => {
    const box = el("input", { type: "checkbox", onchange: () => app.set({ [key]: box.checked }) });
    return { key, box, label: el("label", { class: "curve-scale" }, box, text(`curve.${key}`)) };
  });

  const wanted = el("input", {
    class: "curve-wanted",
    type: "text",
    inputMode: "decimal",
    value: "0.01",
    autocomplete: "off",
    spellcheck: false,
    oninput: () => {
      trainOn.hidden = true;
    },
  });
  const trainOn = el(
    "button",
    { class: "button", type: "button", hidden: true, onclick: () => trainUntil(parsed(wanted.value)) },
    text("curve.trainOn"),
  );
  onEnter(wanted, find);
  const finder = el(
    "div",
    { class: "curve-finder" },
    el("label", {}, text("curve.below"), wanted),
    el("button", { class: "button", type: "button", onclick: find }, text("curve.find")),
    trainOn,
  );

  const root = el(
    "section",
    { class: "curve" },
    el(
      "div",
      { class: "curve-head" },
      el("h2", {}, text("curve.title")),
      readout,
      el(
        "div",
        { class: "curve-scales" },
        scales.map(({ label }) => label),
      ),
    ),
    chart,
    slider,
    el("div", { class: "curve-controls" }, el("div", { class: "curve-buttons" }, buttons), finder),
  );

  let width = 0;
  let across = null; // the axis of the rounds
  let up = null; // the axis of the errors
  let ticks = []; // of the rounds: { x, label }
  let drawnFor = [];
  let latest = null;
  new ResizeObserver(([entry]) => {
    width = entry.contentRect.width;
    if (latest) render(latest);
  }).observe(chart);

  function within(round) {
    return Math.min(app.training.rounds, Math.max(0, round));
  }

  function go(round) {
    app.go({ round: within(round) });
  }

  function pointed(event) {
    return within(Math.round(across.back(event.clientX - chart.getBoundingClientRect().left)));
  }

  function find() {
    const { training } = app;
    const x = parsed(wanted.value);
    if (x === null) {
      app.notice(text("edit.noNumber", { typed: wanted.value.slice(0, 40) }));
      return;
    }
    const round = training.firstBelow(x);
    trainOn.hidden = round >= 0 || training.trouble || training.rounds >= MOST_ROUNDS;
    if (round < 0) {
      app.notice(text("curve.notYet", { below: written(x), rounds: counted(training.rounds) }));
      return;
    }
    go(round);
    app.notice(text("curve.found", { below: written(x), round: counted(round) }));
  }

  function trainUntil(x) {
    trainOn.hidden = true;
    app.trainUntilBelow(x);
    if (app.training.firstBelow(x) >= 0) find();
  }

  function error(round, digits) {
    return app.hides(app.graph.result, "data") ? "?" : written(app.training.errors[round], digits);
  }

  // Everything that stays as it is while only the shown round changes.
  function draw() {
    const { training, ghost, view } = app;
    const { errors, rounds } = training;
    const right = width - RIGHT;
    const span = Math.max(1, rounds);
    across = axisOf([0, span], [LEFT, right], view.logRounds ? [Math.log1p, Math.expm1] : STRAIGHT);
    const own = roundTicks(errors, rounds, across);
    const others = ghost ? roundTicks(ghost.errors, Math.min(ghost.rounds, span), across) : [];
    const seen = [...own.map((round) => errors[round]), ...others.map((round) => ghost.errors[round])];
    const low = Math.min(...seen);
    const high = Math.max(...seen);
    const logarithmic = view.logScale && low > 0;
    let range = [Math.min(0, low), Math.max(0, high)];
    if (logarithmic) range = [low / 1.05, high * 1.05];
    else if (low === 0 && high === 0) range = [0, 1];
    up = axisOf(range, [BOTTOM, TOP], logarithmic ? [Math.log10, (x) => 10 ** x] : STRAIGHT);
    const [{ box, label }] = scales;
    box.disabled = low <= 0;
    label.title = low <= 0 ? text("curve.noLogarithm") : "";
    set(line, "d", pathOf(own, errors, across, up));
    set(ghostLine, "d", ghost ? pathOf(others, ghost.errors, across, up) : "");

    const heights = (logarithmic ? decadesOf : ticksOf)(...range, 4);
    const most = Math.max(2, Math.floor((right - LEFT) / 90));
    const marked = view.logRounds && span >= 10 ? [0, ...decadesOf(1, span, most)] : ticksOf(0, span, most).filter(Number.isInteger);
    ticks = marked.map((round) => {
      const x = across.at(round);
      return { x, label: svg("text", { x, y: BOTTOM + 17, "text-anchor": x > right - 30 ? "end" : "middle" }, counted(round)) };
    });
    grid.replaceChildren(
      ...heights.map((x) =>
        svg(
          "g",
          {},
          svg("line", { x1: LEFT, x2: right, y1: up.at(x), y2: up.at(x) }),
          svg("text", { x: LEFT - 8, y: up.at(x) + 4, "text-anchor": "end" }, written(x)),
        ),
      ),
      svg("line", { class: "curve-floor", x1: LEFT, x2: right, y1: BOTTOM, y2: BOTTOM }),
      ...ticks.map(({ label }) => label),
    );

    const [x, y] = [across.at(rounds), up.at(errors[rounds])];
    end.replaceChildren(
      ...(training.trouble
        ? [
            svg("path", { d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10` }),
            svg("text", { x: x - 10, y: y < TOP + 20 ? y + 16 : y - 8, "text-anchor": "end" }, text("curve.diverged")),
          ]
        : []),
    );
    set(slider, "min", LEFT);
    set(slider, "max", right);
  }

  function point(round) {
    toggle(hover.group, "shown", round !== null);
    if (round === null) return;
    place(hover, round);
    const late = across.at(round) > width / 2;
    set(hover.label, "text-anchor", late ? "end" : "start");
    set(hover.label, "x", late ? 6 : -6);
    put(hover.label, text("curve.readout", { round: counted(round), error: error(round) }));
  }

  function place(pointer, round) {
    set(pointer.group, "transform", `translate(${across.at(round).toFixed(1)} 0)`);
    set(pointer.dot, "cy", up.at(app.training.errors[round]).toFixed(1));
  }

  function render(frame) {
    const { training, ghost, view } = app;
    const { round } = frame;
    latest = frame;
    put(readout, text("curve.readout", { round: counted(round), error: error(round) }));
    for (const { key, box } of scales) box.checked = view[key];
    buttons.forEach((button, k) => set(button, "aria-disabled", round === (k < 2 ? 0 : training.rounds)));
    if (!width) return;
    const shown = [
      training.errors,
      training.events,
      training.rounds,
      training.trouble,
      ghost?.errors,
      ghost?.rounds,
      width,
      view.logScale,
      view.logRounds,
    ];
    if (shown.some((each, k) => each !== drawnFor[k])) {
      drawnFor = shown;
      draw();
      point(null);
    }
    place(marker, round);
    put(marker.label, counted(round));
    const x = across.at(round);
    const half = 7 + 3.5 * counted(round).length; // of the tag's width
    const shift = Math.min(0, width - x - half);
    set(marker.label, "x", shift);
    set(tag, "x", shift - half);
    set(tag, "width", 2 * half);
    for (const tick of ticks) toggle(tick.label, "covered", Math.abs(tick.x - x - shift) < half + 4 * tick.label.textContent.length);
    if (Math.round(across.back(slider.valueAsNumber)) !== round) slider.value = x;
    set(slider, "aria-valuetext", text("curve.readout", { round: counted(round), error: error(round, 6) }));
    set(
      chart,
      "aria-label",
      text("curve.alternative", {
        first: error(0, 3),
        rounds: counted(training.rounds),
        last: error(training.rounds, 3),
        round: counted(round),
        error: error(round, 3),
      }) + (training.trouble ? ` ${text("curve.diverged")}` : ""),
    );
  }

  return { root, render };
}

// A line down through the chart, with a dot on the curve and a label.
function pointerAt(name) {
  const dot = svg("circle", { r: 4.5 });
  const label = svg("text", { "text-anchor": "middle" });
  return { dot, label, group: svg("g", { class: name }, svg("line", { y1: TOP - 4, y2: BOTTOM }), dot, label) };
}

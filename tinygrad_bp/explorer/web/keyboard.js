// The page by keyboard: keys for what is done often, arrows from item to item of a diagram and from tab to tab.

import { set } from "./svg.js";

export function pressedKey(app, event) {
  const { player } = app;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input:not([type=checkbox]), select, textarea")) return;
  if (event.target.closest?.(".diagram") && event.key.startsWith("Arrow")) {
    event.preventDefault();
    moveFocus(app, event.key);
    return;
  }
  const actions = {
    ".": () => {
      player.stop();
      player.stepForward();
    },
    ",": () => {
      player.stop();
      player.stepBack();
    },
    ArrowRight: () => {
      player.stop();
      player.stepForward();
    },
    ArrowLeft: () => {
      player.stop();
      player.stepBack();
    },
    k: () => player.play(),
    t: () => player.train(),
    r: () => player.rounds(1),
    g: () => app.set({ tab: app.view.tab === "graph" && app.neurons ? "neurons" : "graph", full: true }),
    "+": () => app.computation.zoom(1.4),
    "-": () => app.computation.zoom(1 / 1.4),
    0: () => app.computation.fit(),
    Escape: () => {
      player.stop();
      app.select(null);
    },
  };
  const action = app.view.keys || event.key === "Escape" ? actions[event.key] : null;
  if (!action || (event.key.startsWith("Arrow") && event.target.closest?.("[tabindex='0'], [role=tablist], button"))) return;
  event.preventDefault();
  action();
}

// The item next to the focused one, in the direction of the arrow.
function moveFocus(app, key) {
  const all = items(app);
  const here = document.activeElement.closest(".item");
  if (!here) return all[0]?.focus();
  const centre = (item) => {
    const box = item.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = centre(here);
  const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  let best = null;
  let least = Infinity;
  for (const item of all) {
    if (item === here) continue;
    const [ax, ay] = centre(item);
    // Lines that cross in their middles come one after the other.
    const crossing = Math.hypot(ax - x, ay - y) < 2;
    const along = crossing ? 2 * (all.indexOf(item) - all.indexOf(here)) * (dx + dy) : (ax - x) * dx + (ay - y) * dy;
    const across = Math.abs((ax - x) * dy) + Math.abs((ay - y) * dx);
    if (along > 1 && along + 2 * across < least) [best, least] = [item, along + 2 * across];
  }
  best?.focus();
}

function items(app) {
  return [...app.diagram().querySelectorAll(".item:not(.gone)")];
}

// One item of the diagram can be reached by the tab key, the others from it by arrows.
export function rove(app) {
  const all = items(app);
  const chosen =
    all.find((item) => item.contains(document.activeElement)) ??
    all.find((item) => Number(item.dataset.node) === app.view.selected) ??
    all[0];
  for (const item of all) set(item, "tabindex", item === chosen ? "0" : "-1");
}

// In a row of tabs the arrow keys move from one to the next.
export function panelKey(app, names, event, name) {
  const moves = { ArrowRight: 1, ArrowLeft: -1 };
  if (!(event.key in moves)) return;
  event.preventDefault();
  event.stopPropagation();
  const next = names[(names.indexOf(name) + moves[event.key] + names.length) % names.length];
  app.openPanel(next);
  app.render();
  document.getElementById(`tab-${next}`).focus();
}

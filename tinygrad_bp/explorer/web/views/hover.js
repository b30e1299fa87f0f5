// A neuron is opened where someone points at it or has the focus on it, beside it, while no panel is there to open it in.

import { written } from "../model/numbers.js";
import { text } from "../model/words.js";
import { el } from "./elements.js";
import { neuronAt, neuronCard } from "./neuron.js";

const GAP = 10; // pixels between neuron and card

/**
 * @param {import("./neuron.js").Stage & Pick<import("../model/session.js").Session, "view" | "tab" | "gripping" | "onChange">} session
 * @param {HTMLElement} stage
 */
export function hoverCard(session, stage) {
  const card = neuronCard(session);
  const root = el("div", { class: "hover-card", hidden: true }, card.root);
  /** @type {SVGElement | null} */
  let item = null;
  let words = "";

  const at = (/** @type {Event} */ event) => {
    const found = /** @type {SVGElement | null} */ (/** @type {Element} */ (event.target).closest(".neurons .item[data-node]"));
    if (found === item) return;
    item = found;
    session.onChange({ action: false });
  };
  const away = () => {
    item = null;
    session.onChange({ action: false });
  };
  stage.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse") at(event);
  });
  stage.addEventListener("pointerleave", away);
  stage.addEventListener("focusin", at);
  stage.addEventListener("focusout", away);

  /** @param {Frame} frame */
  function render(frame) {
    const { view } = session;
    const neuron = item?.isConnected ? neuronAt(session, Number(item.dataset.node)) : null;
    const shows = neuron && !view.open && !session.gripping && session.tab === "neurons";
    root.hidden = !shows;
    words = "";
    if (!shows || !item) return;
    card.render(frame, neuron);
    root.hidden = card.root.hidden;
    if (root.hidden) return;
    if (root.parentElement !== stage) stage.append(root);
    place(item);
    const number = (/** @type {number | null} */ x) => written(x, 4);
    const { net, out, name } = neuron;
    words = text("neuron.said", {
      name,
      net: number(frame.dataAt(net)),
      out: number(frame.dataAt(out)),
      slope: number(frame.derivativeAt(out, net)),
      delta: number(frame.gradAt(net)),
    });
  }

  // On that side of the neuron where the card covers the least of what the beat speaks of, and not the neuron itself.
  /** @param {SVGElement} neuron */
  function place(neuron) {
    const [box, around] = [neuron.getBoundingClientRect(), stage.getBoundingClientRect()];
    const { offsetWidth: width, offsetHeight: height } = root;
    const [left, top] = [box.left - around.left, box.top - around.top];
    const middle = top + box.height / 2 - height / 2;
    const sides = [
      [left + box.width + GAP, middle],
      [left - GAP - width, middle],
      [left, top + box.height + GAP],
      [left, top - GAP - height],
    ];
    const named = [...stage.querySelectorAll(".neurons .shown")].map((each) => each.getBoundingClientRect());
    const spots = sides.map(([a, b]) => {
      const x = Math.max(2, Math.min(around.width - width - 2, a));
      const y = Math.max(2, Math.min(around.height - height - 2, b));
      const [ax, ay] = [x + around.left, y + around.top];
      const covers = (/** @type {DOMRect} */ each) =>
        each.width > 0 && ax < each.right && ax + width > each.left && ay < each.bottom && ay + height > each.top;
      return { x, y, cost: named.filter(covers).length + (covers(box) ? named.length + 1 : 0) };
    });
    const least = spots.reduce((best, spot) => (spot.cost < best.cost ? spot : best));
    root.style.left = `${least.x}px`;
    root.style.top = `${least.y}px`;
  }

  return { render, words: () => words };
}

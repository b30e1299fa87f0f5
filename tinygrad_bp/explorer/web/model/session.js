// The state of the page, and what changes it: one object that knows nothing of how it is shown.

import { firstTrouble, Graph } from "./graph.js";
import { Training, drawn } from "./training.js";
import { Notation } from "./notation.js";
import { Formulas } from "./formulas.js";
import { planOf } from "./beats.js";
import { frameOf } from "./frame.js";
import { History } from "./history.js";
import { written } from "./numbers.js";
import { explained } from "./speech.js";
import { eventsBeside, runBeside } from "./rival.js";
import { text } from "./words.js";

const LARGE = 1e6; // of a number that is typed, which then is what is wrong
const LARGEST_SEED = 4294967295;
const RIVAL_MILLISECONDS = 12; // of training the second run, in a picture
const AGAIN_MILLISECONDS = 100; // of training anew up to where it was before a change, before that is shown

export class Session {
  /**
   * @param {Description} description
   * @param {AllPrograms} programs
   */
  constructor(description, programs) {
    this.description = description;
    this.programs = programs;
    this.graph = new Graph(description, programs);
    this.notation = new Notation(this.graph);
    this.formulas = new Formulas(this.graph, description);
    /** @type {Settings} */
    this.original = {
      rate: description.learningRate,
      biases: description.trainBiases,
      sequential: false,
      accumulate: false,
      optimizer: description.optimizer,
      batch: false,
      variant: this.graph.variant,
      cases: description.cases,
      seed: null,
      preset: description.presets?.chosen ?? null,
      tables: description.presets?.tables ?? {},
    };
    this.training = new Training(this.graph, this.original);
    this.unedited = new Training(this.graph, this.original);
    /** @type {Training | null} */
    this.rival = null; // a second run, which is compared with this one
    this.rivalKey = "";
    /** @type {Light | null} */
    this.lit = null; // what someone points at
    this.solved = false; // the quiz
    this.history = new History();
    /** @type {{ id: number, from: number, to: number, slope: number } | null} */
    this.grip = null; // the number that someone took hold of last: as it was then and as it is, and the gradient that it had
    this.gripping = false; // whether it is in someone's hand still
    this.view = this.firstView();
    /** @type {Map<string, Plan>} */
    this.plans = new Map();
    /** @type {{ id: number, light: Light } | null} */
    this.lensLight = null;
    // Who shows it all hears of changes; `action` says that someone did something.
    this.onChange = (/** @type {{ action: boolean }} */ _) => {};
    this.onNotice = (/** @type {string} */ _) => {};
    // Of rounds that are to be trained again, which takes a while; `arrive` goes to where it was then.
    this.onBehind = (/** @type {number} */ _rounds, /** @type {() => void} */ _arrive) => {};
    // Who plays or trains ends it, since what it goes on from is left.
    this.onLeave = () => {};
    /** @type {Pick<import("./history.js").Moment, "rounds" | "round" | "row"> | null} */
    this.awaited = null; // the place to which it is trained again
    /** @type {Frame} */
    this.shown = this.frame();
  }

  /** @returns {View} */
  firstView() {
    return {
      round: 0,
      row: this.description.opening,
      step: 0,
      selected: null,
      quantity: "grad",
      tab: this.graph.network?.whole ? "neurons" : "graph",
      mode: "values",
      open: false,
      panel: "formula",
      pace: "beat",
      ask: true,
      logScale: true,
      logRounds: true,
      keys: true,
      lens: null,
      quiz: null,
      level: null,
      rival: null,
    };
  }

  // What is shown, computed.

  /** @param {Settings} settings */
  plan(settings = this.training.settingsAt(this.view.round)) {
    const key = String(settings.biases);
    const found = this.plans.get(key) ?? planOf(this.graph, this.training.told(settings));
    this.plans.set(key, found);
    return found;
  }

  /** @returns {Frame} */
  frame() {
    const { graph, training, view } = this;
    this.compare();
    this.shown = frameOf({
      graph,
      training,
      ghost: this.ghost,
      view,
      plan: (settings) => this.plan(settings),
      later: () => this.onChange({ action: false }),
    });
    return this.shown;
  }

  // The training without any change, to compare with; null while it is the same, and where other cases are learned, which compares with nothing.
  get ghost() {
    const { events } = this.training;
    return events.length > 0 && !events.some(({ preset, table }) => preset || table) ? this.unedited : null;
  }

  // Keeps the second run beside the training: what it did stays while nothing that concerns it is changed.
  compare() {
    const { training, view } = this;
    const events = view.rival && eventsBeside(training.events, view.rival);
    const key = JSON.stringify(events);
    if (key !== this.rivalKey) this.rival = events && runBeside(training, events);
    this.rivalKey = key;
    if (this.rival && !this.rival.advance(training.rounds, RIVAL_MILLISECONDS)) this.onChange({ action: false }); // more in the next picture
  }

  get kind() {
    return this.description.kind;
  }

  get tab() {
    return this.graph.network ? this.view.tab : "graph";
  }

  // What is lit in both pictures; null if nothing is.
  light() {
    if (this.lit) return this.lit;
    const id = this.view.open && this.view.panel === "paths" ? this.view.lens : null;
    if (id === null) return null;
    if (this.lensLight?.id !== id)
      this.lensLight = { id, light: this.illuminated(this.graph.routes(this.graph.result, id), new Set([id])) };
    return this.lensLight.light;
  }

  /**
   * @param {Set<number>} edges
   * @param {Set<number>} nodes
   * @returns {Light}
   */
  illuminated(edges, nodes) {
    const found = new Set(nodes);
    for (const index of edges) found.add(this.graph.edges[index].tail).add(this.graph.edges[index].head);
    return { edges, nodes: found };
  }

  /**
   * @param {Set<number> | null} edges
   * @param {Set<number>} nodes
   */
  pointAt(edges, nodes = new Set()) {
    this.lit = edges ? this.illuminated(edges, nodes) : null;
    this.onChange({ action: false });
  }

  /**
   * A gradient that is hidden hides the parameter after the update too, which would give it away.
   * @param {number} id
   * @param {Riddle} quantity
   */
  hides(id, quantity) {
    const { quiz } = this.view;
    return Boolean(
      quiz && quiz.id === id && (quiz.quantity === quantity || (quantity === "next" && quiz.quantity === "grad")) && !this.solved,
    );
  }

  /**
   * A local derivative is hidden if it would give the hidden number away: that of the only way from it.
   * @param {number} tail
   * @param {number} head
   */
  hidesSlope(tail, head) {
    return head === this.graph.result && this.hides(tail, "grad");
  }

  /** @param {Piece} piece */
  hidesPiece(piece) {
    if (typeof piece === "string" || piece.quantity === undefined || piece.id === undefined) return false;
    return this.hides(piece.id, piece.next ? "next" : piece.quantity);
  }

  // Whether nothing has been trained yet.
  fresh() {
    return this.view.round === 0 && this.training.rounds === 0;
  }

  // What people do.

  /** @param {Partial<View>} changes */
  set(changes) {
    if ("quiz" in changes) this.solved = false;
    this.history.pause();
    Object.assign(this.view, changes);
    this.onChange({ action: true });
  }

  /** @param {{ round?: number, row?: number, step?: number | null }} place */
  go({ round = this.view.round, row = this.view.row, step = null }) {
    this.set({ round: Math.max(0, Math.min(round, this.training.rounds)), row, step });
  }

  /**
   * @param {number | null} id
   * @param {Quantity} [quantity]
   */
  select(id, quantity) {
    const { panel } = this.view;
    /** @type {Partial<View>} */
    const changes = id === null ? { selected: null } : { selected: id, open: true };
    if (quantity) changes.quantity = quantity;
    const stays = ["paths", "teacher"].includes(panel) || (panel === "slope" && id !== null && !this.graph.nodes[id].op);
    if (id !== null && !stays) changes.panel = "formula";
    if (id !== null && panel === "paths" && this.graph.parameters.includes(id)) changes.lens = id;
    this.set(changes);
  }

  /** @param {string} name */
  openPanel(name) {
    /** @type {Partial<View>} */
    const changes = { panel: name, open: true };
    const { lens, selected } = this.view;
    const { parameters } = this.graph;
    if (name === "paths" && lens === null) changes.lens = selected !== null && parameters.includes(selected) ? selected : parameters[0];
    this.set(changes);
  }

  /** @param {string} words */
  notice(words) {
    this.onNotice(words);
  }

  /**
   * Changes something. What one gesture changes is undone at once. `step` is where the round is looked at afterwards: a change of what is
   * computed ends it.
   * @param {Change} change
   * @param {number} round
   * @param {{ gesture?: string, step?: number | null, refused?: (why: string) => string }} options `refused` says that nothing was changed, and why
   */
  change(change, round = this.view.round, { gesture = "", step = null, refused = (why) => text("edit.refused", { why }) } = {}) {
    const before = this.moment();
    const trouble = this.training.change(round, 0, change);
    if (trouble) {
      this.set({});
      this.notice(refused(explained(this, trouble)));
      return false;
    }
    this.history.record(before, gesture);
    Object.assign(this.view, { step });
    this.onChange({ action: true });
    return true;
  }

  /**
   * @param {number} id
   * @param {number} x
   */
  edit(id, x, gesture = "") {
    const change = this.graph.parameters.includes(id)
      ? { leaves: [/** @type {[number, number]} */ ([id, x])] }
      : { cells: [/** @type {[number, number, number]} */ ([this.shown.row, id, x])] };
    // Where the result is not known yet, nobody would see it follow.
    const step = this.shown.dataAt(this.graph.result) === null ? null : this.view.step;
    const given = { name: this.notation.name(id), number: written(x), was: written(this.shown.leaves[id]) };
    const advice = Math.abs(x) > LARGE ? ` ${text("edit.nearer")}` : "";
    const refused = (/** @type {string} */ why) => text("edit.refused.number", { ...given, why }) + advice;
    if (!this.change(change, this.view.round, { gesture, step, refused })) return false;
    const { leaves } = this.training.watched(this.view.round, this.view.row);
    const trouble = firstTrouble(this.graph, this.graph.pass(leaves, this.shown.settings.variant));
    if (trouble) this.notice(text("edit.infinite", { ...given, why: explained(this, { ...trouble, round: this.view.round }) }) + advice);
    return true;
  }

  // Numbers as handles.

  /**
   * Whether someone can take hold of a number: of a leaf that is not the riddle.
   * @param {number} id
   */
  canGrip(id) {
    return !this.graph.nodes[id].op && !this.hides(id, "data");
  }

  /**
   * Whether a number is being changed by hand: drawn, or turned by wheel or keys until something else is done.
   * @param {number} id
   */
  inHand(id) {
    return this.grip?.id === id && (this.gripping || this.history.gesture !== "");
  }

  /**
   * Takes hold of a number, and remembers how it was.
   * @param {number} id
   */
  take(id) {
    const x = this.shown.leaves[id];
    this.grip = { id, from: x, to: x, slope: this.shown.grads[id] };
  }

  /**
   * Sets the number that is in someone's hand.
   * @param {number} id
   * @param {number} x
   * @param {string} gesture
   */
  pull(id, x, gesture) {
    if (this.history.gesture !== gesture || this.grip?.id !== id) this.take(id);
    if (this.grip?.to !== x && this.edit(id, x, gesture) && this.grip) this.grip.to = x;
  }

  /** @param {boolean} on */
  hold(on) {
    this.gripping = on;
    if (!on) this.history.pause();
    this.onChange({ action: false });
  }

  // Undoing.

  /** @returns {import("./history.js").Moment} */
  moment() {
    const { events, rounds } = this.training;
    return { events, rounds, round: this.view.round, row: this.view.row, ...this.awaited };
  }

  undo(onward = false) {
    const there = this.history.travel(this.moment(), onward);
    if (!there) return false;
    this.onLeave();
    const { step, round } = this.view;
    const { events, ...place } = there;
    const { training } = this;
    training.revert(events);
    this.grip = null;
    const arrive = () => {
      this.awaited = null;
      this.go({ round: there.round, row: there.row });
      if (step !== null && round === this.view.round && step <= this.plan().steps.length) this.set({ step });
    };
    if (training.advance(there.rounds, AGAIN_MILLISECONDS)) arrive();
    else {
      this.awaited = place;
      Object.assign(this.view, { round: Math.min(round, training.rounds), step: null }); // until then: a round that there is
      this.onBehind(there.rounds, arrive);
    }
    return true;
  }

  redo() {
    return this.undo(true);
  }

  /** @param {number} seed */
  drawWeights(seed) {
    if (!Number.isInteger(seed) || seed < 0 || seed > LARGEST_SEED) {
      this.notice(text("edit.noSeed"));
      return;
    }
    const { parameters } = this.graph;
    const numbers = drawn(parameters.length, seed);
    const leaves = parameters.map((id, k) => /** @type {[number, number]} */ ([id, numbers[k]]));
    if (!this.change({ settings: { seed }, leaves, clear: true }, 0)) return;
    this.onLeave();
    this.go({ round: 0 });
  }

  reset() {
    this.history.record(this.moment(), "");
    this.onLeave();
    this.grip = null;
    this.training.events = [];
    this.training.restart();
    this.go({ round: 0 });
    this.notice(text("edit.wasReset"));
  }

  // What the neuron picture shows: while a round is gone through backward, gradients.
  mode() {
    const { step, mode } = this.view;
    return step !== null && mode === "values" && this.shown.phase === "backward" ? "gradients" : mode;
  }
}

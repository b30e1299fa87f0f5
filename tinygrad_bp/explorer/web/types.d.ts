// The shapes of what modules hand to each other. Read by `tsc --checkJs` alone: no page holds any of it.

type Quantity = "data" | "grad";
type Level = "layer" | "neuron" | "operation"; // how far a graph is folded
type Riddle = Quantity | "next"; // a number that the quiz hides; "next" is a parameter after the update
type Phase = "forward" | "backward" | "update" | "end";

interface GraphNode {
  id: number;
  name: string;
  latex?: string;
  label?: string;
  op?: string;
  symbol?: string;
  args: number[];
  data?: number;
  constant: boolean;
}

interface Edge {
  index: number;
  tail: number;
  head: number;
  place: number;
}

interface Neuron {
  name: string;
  net: number;
  out: number;
  depth: number;
  activation: string | null;
  connections: number[][];
  bias: number | null;
  target: number | null;
  end: boolean;
  judged?: [number, number | null]; // in a cross entropy: by what probability less target is divided, and that target where it is no node
}

interface Connection {
  neuron: Neuron;
  weight: number;
  source: number;
  product: number;
  byWeight: Edge;
  bySource: Edge;
}

interface Network {
  whole: boolean;
  inputs: number[];
  neurons: Neuron[];
  probabilities: { kind: "softmax" | "sigmoid"; neurons: number[] } | null;
}

interface Programs {
  forward: (...leaves: number[]) => number[];
  slopes: (...data: number[]) => number[];
}

interface AllPrograms {
  main: Programs;
  variants: Record<string, Programs | null>;
  activations: Record<string, (net: number) => number[]>; // output and slope
  optimizers: Record<string, (...numbers: number[]) => number[]>;
  probabilities: ((...nets: number[]) => number[]) | null;
  hand: ((...numbers: number[]) => number[]) | null;
}

interface OptimizerSettings {
  kept: number; // numbers that it remembers of each parameter
  momentum?: number;
  beta1?: number;
  beta2?: number;
  eps?: number;
}

// From a parameter, its gradient, what is remembered of it and the settings of the step: the parameter after it, and what is remembered then.
type Optimizer = OptimizerSettings & { formula: (...numbers: number[]) => number[] };

type Case = [number, number][];
type Factor = [number, number, number, number?];

interface Templates {
  forward: Record<number, string[]>;
  slopes: (string[] | null)[];
  gradient: Record<number, { chain: Factor[] | null; terms: Factor[][]; parts: Factor[]; delta: string }>;
  factors: Record<string, string[]>;
}

interface Layout {
  width: number;
  height: number;
  letter: number;
  nodes: number[][];
  again: number[][];
  begins: (number | null)[];
  edges: number[][];
}

interface FoldedLayout extends Layout {
  boxes: { kind: string; number: number | null; name: string; members: number[] }[];
  ends: [number, number][];
  onward: number[];
  words: ([number, number] | null)[];
  together: boolean;
}

interface Description {
  kind: string;
  title: string | Record<string, string | undefined>;
  language: string | null;
  result: number;
  learningRate: number;
  optimizer: string;
  trainBiases: boolean;
  optimizers: Record<string, OptimizerSettings>;
  nodes: { name?: string; latex?: string; label?: string; op?: string; symbol?: string; args?: number[]; data?: number }[];
  parameters: number[];
  trains: boolean;
  biases: number[];
  cases: Case[];
  opening: number;
  isError: boolean;
  outputs: string[];
  scaling: [number, number, number][]; // of inputs what was taken from each, and what it was then divided by
  classes: boolean;
  network: Network | null;
  groups: number[][];
  layout: Layout;
  folds: Record<"neuron" | "layer", FoldedLayout | null>;
  formulas: Templates;
  activations: Record<string, { forward: string[]; slope: string[] }>;
  presets: { chosen: string; tables: Record<string, Case[]> } | null;
  tutorial?: {
    figures: [string, string, string, string][];
    otherEditions: [string, string][];
    errata: [string, string, Record<string, string>][];
    hand: { takes: string[]; returns: string[] };
  };
}

interface Settings {
  rate: number;
  biases: boolean;
  sequential: boolean;
  accumulate: boolean;
  optimizer: string;
  batch: boolean; // one update a round, by the mean over all cases
  variant: string;
  cases: Case[];
  seed: number | null;
  preset: string | null;
  tables: Record<string, Case[]>;
}

// A change of the training at a place of it.
interface Change {
  settings?: Partial<Settings>;
  preset?: string;
  table?: Case[];
  cells?: [number, number, number][];
  leaves?: [number, number][];
  clear?: boolean;
}

interface TrainingEvent extends Change {
  round: number;
  row: number;
}

interface TrainingState {
  leaves: Float64Array;
  sums: Float64Array;
  moments: Float64Array[]; // what the optimizer remembers
  steps: number; // that it has done
  optimizers: Record<string, Optimizer>;
  settings: Settings;
}

interface Trouble {
  kind: "data" | "slope" | "gradient" | "update";
  node: number;
  value: number;
  by?: number;
  data?: ArrayLike<number>;
  round?: number;
  row?: number;
}

// A piece of a formula, beside plain text. Which of the properties are there says what it is: see model/notation.js.
interface Mark {
  name?: number;
  inside?: boolean;
  number?: number | null;
  id?: number;
  quantity?: Quantity;
  digits?: number; // in a beat
  enclose?: boolean;
  of?: number;
  by?: number;
  whole?: number;
  edge?: number;
  delta?: string;
  word?: string; // the name of what no node is: the probability of an output, which is `id`
  worth?: number; // its number
  template?: string[];
  ids?: number[] | null;
  values?: ((id: number) => number) | null;
  next?: boolean; // after the update
  term?: number; // of an equation whose terms have colours
}

type Piece = string | Mark;
type Derivative = Mark & { of: number; by: number };

interface Equation {
  key: string;
  left: Piece[];
  rows: Piece[][];
  factors?: { piece: Derivative; formula: Piece[] | null; number: Mark | string }[];
}

interface Step {
  kind: "forward" | "seed" | "backward" | "update" | "end";
  node: number;
  edge?: Edge;
}

interface Beat {
  phase: Phase;
  kind: string;
  node: number; // what the equation is about
  nodes: number[]; // what is known after it
  neuron: Neuron | null;
  from: number; // steps
  to: number;
}

interface Plan {
  steps: Step[];
  beats: Beat[];
}

// Something that moves in the picture during a beat.
interface Travel {
  kind: "forward" | "back" | "inside" | "meet" | "error" | "errorBack" | "bias" | "part";
  term: number;
  from: number;
  to: number;
  weight?: number;
  carried: number;
  product: number;
  factors?: { term: number; number: number; from: number; words?: string }[]; // what meets at a weight, and from which end of its line
  onward?: number; // of an error of one output, the node that it is added to
  words?: [string, string]; // as the equation writes what is carried, and what it becomes
  total?: string; // as the equation writes its result
  summands?: number; // of the sum that it is one of
}

interface Scene {
  left: Piece[];
  rows: Piece[][];
  result: Piece[];
  why: Piece[];
  colours: Map<number, number>; // by node, the term
  lines: Map<number, number>; // by weight or bias, the term
  factors: Map<number, { id: number; what: "data" | "grad" }>; // by node, which of its numbers has its colour; else its own value
  slopes: Map<number, number>; // by output of a neuron, the term of the slope of its activation
  probabilities: Map<number, number>; // by output of a neuron, the term of what the error makes of it
  travels: Travel[];
}

interface Question {
  words: Piece[];
  answers: string[];
  right: number;
  wrong: Piece[]; // what is said to the other answer
}

interface Telling {
  scene: Scene;
  question: Question | null;
  ended: boolean;
  said?: Piece[]; // of the answer before
}

interface Frame {
  round: number;
  row: number;
  step: number | null;
  settings: Settings;
  leaves: Float64Array;
  sums: Float64Array;
  moments: Float64Array[];
  steps: number;
  optimizers: Record<string, Optimizer>;
  taken: Float64Array; // the gradients that the update takes: those of this case, or their mean over all
  each: Float64Array[]; // those that the mean is of
  data: Float64Array;
  slopes: ArrayLike<number>;
  grads: Float64Array;
  plan: Plan;
  current: Step | null;
  beat: Beat | null;
  phase: Phase | "rest";
  before: number | null;
  updated: Map<number, number>;
  after: Float64Array | null;
  dataAt: (id: number) => number | null;
  gradAt: (id: number) => number | null;
  slopeAt: (index: number) => number | null; // the local derivative of an edge, from the step on that takes it, while it is that of the numbers in sight
  derivativeAt: (of: number, by: number) => number | null; // along all edges between two nodes, if these are known
  changeAt: (id: number) => number | null;
  isDone: (phase: Phase, id: number) => boolean; // whether nothing in a phase of the round is still to come for a node; at rest nothing is
  ghost: { data: Float64Array; grads: Float64Array } | null;
}

interface Quiz {
  id: number;
  quantity: Riddle;
  seed: number;
  rung?: number; // of the ladder
}

interface View {
  round: number;
  row: number;
  step: number | null;
  selected: number | null;
  quantity: Quantity;
  tab: string;
  mode: string;
  open: boolean;
  panel: string;
  pace: string;
  ask: boolean;
  logScale: boolean;
  logRounds: boolean;
  keys: boolean;
  lens: number | null;
  quiz: Quiz | null;
  level: Level | null; // null: whatever fits
  rival: Pick<Settings, "rate" | "optimizer" | "batch"> | null; // the way of learning that is compared
}

interface Light {
  edges: Set<number>;
  nodes: Set<number>;
}

interface Panel {
  root: HTMLElement;
  render: (frame: Frame) => void;
}

/** What goes into an element: others, texts, lists of them, or nothing. */
type Content = Node | string | number | null | undefined | false | readonly Content[];

declare const PROGRAMS: AllPrograms;
declare const MISTAKES: {
  sigmoid: (x: number) => number[];
  slopes: Record<string, [string, (net: number, out: number) => number][]>;
  factor: Record<string, number>;
  summand: Record<string, number>;
  whole: Record<string, number>;
  slips: [string, number][];
  least_digits: number;
  most_named: number;
  rounded_share: number;
};

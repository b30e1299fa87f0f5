// The computation graph on sheets: layer by layer, neuron by neuron, operation by operation, as far as Python laid it out. Geometry alone:
// which sheet a window shows, what of it is in sight, and where a point of one sheet lies on the next.

const EDGE = 22; // around all of it
const FRAME = 14; // around the nodes of a neuron
const ABOVE = 5; // of words beside a line
const BELOW = 18; // of words below a line, from where they would stand above it
const HALF_LETTER = 4; // of the height of words, above their baseline
const HANDLE = 14; // above them, for its name
export const READABLE = 11; // pixels of a letter
export const LARGEST = 1.4; // scale of what fits easily

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {Point & { width: number, height: number }} Room a middle and a size
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds
 * @typedef {Room & Bounds & { kind: string, node: number, number: number | null, name: string, members: number[] }} Box
 * @typedef {Bounds & { path: string, label: Point, edges: number[], index: number | null, tail: number, head: number, heads: number[], local: Local | null }} Line
 * @typedef {{ of: number, by: number, edges: number[], weight: number | null, always: boolean }} Local of what is in one box, by what
 *   is in another: along these edges; the weight that it is, if it is one; and whether there is room to say it all the time
 * @typedef {{ level: Level, width: number, height: number, letter: number, boxes: Box[], frames: Box[], lines: Line[], boxOf: Map<number, number> }} Sheet
 * @typedef {{ width: number, height: number }} Size
 * @typedef {Point & { scale: number }} View the point of a sheet that is in the upper left corner of the window
 */

/**
 * The sheets there are, the coarsest first.
 * @param {Pick<Description, "layout" | "folds" | "groups">} description
 * @param {import("../model/graph.js").Graph} graph
 */
export function sheetsOf({ layout, folds, groups }, graph) {
  const { layer, neuron } = folds;
  return [
    ...(layer ? [foldedSheet("layer", layer, graph)] : []),
    ...(neuron ? [foldedSheet("neuron", neuron, graph)] : []),
    operationSheet(layout, groups, graph),
  ];
}

/**
 * @param {Layout} layout
 * @param {number[][]} groups
 * @param {import("../model/graph.js").Graph} graph
 * @returns {Sheet}
 */
function operationSheet(layout, groups, graph) {
  const { width, height, letter } = layout;
  const boxes = inPlace(layout.nodes).map((room, id) =>
    boxOf(room, graph.nodes[id].constant ? "constant" : "node", id, graph.nodes[id].name, [id]),
  );
  const again = drawnAgain(layout, boxes);
  /** @type {Line[]} */
  const lines = [];
  let index = 0;
  for (const { id: head, args } of graph.nodes) {
    for (const tail of args) {
      const { constant } = graph.nodes[tail];
      const own = constant ? null : index++;
      lines.push({
        ...curve(layout, lines.length, boxes[tail], again),
        edges: own === null ? [] : [own],
        index: own,
        tail,
        head,
        heads: [head],
        local: null,
      });
    }
  }
  separate(lines);
  const frames = groups.flatMap((members, number) => (members.length > 1 ? [frameAround(members, number, boxes, graph)] : []));
  return {
    level: "operation",
    width,
    height,
    letter,
    boxes: [...boxes, ...again],
    frames,
    lines,
    boxOf: new Map(boxes.map((_, id) => [id, id])),
  };
}

/**
 * Of lines side by side, as of x·x, the lowest has its words below it.
 * @param {Line[]} lines
 */
function separate(lines) {
  /** @type {Map<string, Line>} */
  const lowest = new Map();
  const several = new Set();
  for (const line of lines) {
    const key = `${line.tail},${line.head}`;
    const other = lowest.get(key);
    if (other) several.add(key);
    if (!other || other.label.y < line.label.y) lowest.set(key, line);
  }
  for (const key of several) {
    const line = /** @type {Line} */ (lowest.get(key));
    line.label = { x: line.label.x, y: line.label.y + BELOW };
  }
}

/**
 * @param {Level} level
 * @param {FoldedLayout} layout
 * @param {import("../model/graph.js").Graph} graph
 * @returns {Sheet}
 */
function foldedSheet(level, layout, graph) {
  const { width, height, letter } = layout;
  const rooms = inPlace(layout.nodes);
  const boxes = layout.boxes.map(({ kind, number, name, members }, k) => {
    const node = members[members.length - 1];
    const alone = members.length === 1;
    return boxOf(rooms[k], alone ? "node" : kind, node, name, members, number);
  });
  const again = drawnAgain(layout, boxes);
  const found = new Map(boxes.flatMap(({ members }, k) => members.map((id) => /** @type {[number, number]} */ ([id, k]))));
  /** @type {Map<string, number[]>} */
  const between = new Map();
  for (const { index, tail, head } of graph.edges) {
    const key = `${found.get(tail)},${found.get(head)}`;
    between.set(key, [...(between.get(key) ?? []), index]);
  }
  const lines = layout.ends.map(([a, b], k) => {
    const edges = between.get(`${a},${b}`) ?? [];
    const drawn = curve(layout, k, boxes[a], again, layout.onward[k]);
    const spot = layout.words[k];
    const local = spot || layout.onward[k] ? localOf(graph, edges, boxes[b], layout.together) : null;
    if (spot) drawn.label = { x: spot[0], y: spot[1] + HALF_LETTER };
    return { ...drawn, edges, index: null, tail: boxes[a].node, head: boxes[b].node, heads: boxes[b].members, local };
  });
  return { level, width, height, letter, boxes: [...boxes, ...again], frames: [], lines, boxOf: found };
}

/**
 * The derivative that a line between folded boxes stands for: of what a neuron adds up, or of the result of another box.
 * @param {import("../model/graph.js").Graph} graph
 * @param {number[]} into edges of the line
 * @param {Box} box that it leads to
 * @param {boolean} always
 * @returns {Local}
 */
function localOf(graph, into, { kind, node, number, members }, always) {
  const by = graph.edges[into[0]].tail;
  const of = kind === "neuron" ? /** @type {Network} */ (graph.network).neurons[number ?? 0].net : node;
  const inside = new Set(members);
  const edges = [...graph.routes(of, by)].filter(
    (index) => inside.has(graph.edges[index].head) && (inside.has(graph.edges[index].tail) || graph.edges[index].tail === by),
  );
  const factor = graph.connections.find(({ neuron, source }) => neuron.net === of && source === by);
  return { of, by, edges: edges.sort((a, b) => b - a), weight: factor?.weight ?? null, always };
}

/**
 * Middles and sizes, and what comes after them, each middle said by the step to it from the one before.
 * @param {number[][]} rooms
 */
function inPlace(rooms) {
  let [x, y] = [0, 0];
  return rooms.map(([across, down, ...others]) => {
    [x, y] = [x + across, y + down].map((z) => Math.round(10 * z) / 10);
    return [x, y, ...others];
  });
}

/**
 * Boxes once more, beside users far away.
 * @param {Layout} layout
 * @param {Box[]} boxes
 * @returns {Box[]}
 */
function drawnAgain({ again }, boxes) {
  return inPlace(again).map((room) => ({ ...boxes[room[4]], ...place(room), kind: "again" }));
}

/**
 * @param {number[]} room
 * @returns {Room & Bounds}
 */
function place([x, y, width, height]) {
  return { x, y, width, height, left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

/**
 * @param {number[]} room
 * @param {string} kind
 * @param {number} node
 * @param {string} name
 * @param {number[]} members
 * @param {number | null} number
 * @returns {Box}
 */
function boxOf(room, kind, node, name, members, number = null) {
  return { ...place(room), kind, node, name, members, number };
}

/**
 * The frame around the nodes of a neuron.
 * @param {number[]} members
 * @param {number} number
 * @param {Box[]} boxes
 * @param {import("../model/graph.js").Graph} graph
 * @returns {Box}
 */
function frameAround(members, number, boxes, graph) {
  const { left, top, right, bottom } = around(members.map((id) => boxes[id]));
  const neuron = /** @type {Network} */ (graph.network).neurons[number];
  const [width, height] = [right - left + 2 * FRAME, bottom - top + 2 * FRAME + HANDLE];
  return boxOf([(left + right) / 2, (top - HANDLE + bottom) / 2, width, height], "frame", neuron.out, neuron.name, members, number);
}

/**
 * What surrounds boxes.
 * @param {Bounds[]} boxes
 * @returns {Bounds}
 */
export function around(boxes) {
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}

/**
 * The Bézier curve of an edge: its path, what surrounds it, and where words beside it stand; or in it, if it goes on behind them.
 * @param {Layout} layout
 * @param {number} edge
 * @param {Point} tail
 * @param {Point[]} again
 * @param {number} onward the point at which it goes on
 */
function curve({ edges, begins }, edge, tail, again, onward = 0) {
  const start = again[begins[edge] ?? -1] ?? tail;
  let [x, y] = [Math.floor(start.x), Math.floor(start.y)];
  const steps = edges[edge];
  /** @type {number[][]} */
  const points = [];
  for (let k = 0; k < steps.length; k += 2) {
    x += steps[k];
    y += steps[k + 1];
    points.push([x, y]);
  }
  const pieces = onward ? [points.slice(0, onward), points.slice(onward)] : [points];
  const path = pieces.map(([first, ...rest]) => `M${first.join(" ")}C${rest.join(" ")}`);
  const [xs, ys] = [points.map(([a]) => a), points.map(([, b]) => b)];
  const middle = onward ? [0, 1].map((axis) => (points[onward - 1][axis] + points[onward][axis]) / 2) : halfway(points);
  return {
    path: path.join(""),
    label: { x: middle[0], y: middle[1] + (onward ? HALF_LETTER : -ABOVE) },
    left: Math.min(...xs),
    top: Math.min(...ys),
    right: Math.max(...xs),
    bottom: Math.max(...ys),
  };
}

/**
 * The middle of a curve of one or several pieces.
 * @param {number[][]} points
 */
function halfway(points) {
  const pieces = (points.length - 1) / 3;
  const first = 3 * Math.floor((pieces - 1) / 2);
  const [a, b, c, d] = points.slice(first, first + 4);
  return pieces % 2 ? [0, 1].map((k) => (a[k] + 3 * b[k] + 3 * c[k] + d[k]) / 8) : d;
}

// The window.

/**
 * The scale at which all of a sheet is in a window.
 * @param {Sheet} sheet
 * @param {Size} room
 */
export function wholeScale(sheet, room) {
  return Math.min(LARGEST, room.width / (sheet.width + 2 * EDGE), room.height / (sheet.height + 2 * EDGE));
}

/**
 * The scale at which the letters of a sheet can just be read.
 * @param {Sheet} sheet
 */
export function readableScale(sheet) {
  return READABLE / sheet.letter;
}

/**
 * The finest sheet that can be read when all of it is in the window; the coarsest one if none can.
 * @param {Sheet[]} sheets
 * @param {Size} room
 */
export function fittingSheet(sheets, room) {
  return sheets.findLast((sheet) => wholeScale(sheet, room) >= readableScale(sheet)) ?? sheets[0];
}

/**
 * All of a sheet, or if that is smaller than `least`, the part around a box.
 * @param {Sheet} sheet
 * @param {Size} room
 * @param {number} least
 * @param {Point} middle
 * @returns {View}
 */
export function fitted(sheet, room, least, middle) {
  const whole = wholeScale(sheet, room);
  const scale = Math.max(least, whole);
  const { x, y } = whole < least ? middle : { x: sheet.width / 2, y: sheet.height / 2 };
  return clamped(sheet, room, { scale, x: x - room.width / scale / 2, y: y - room.height / scale / 2 });
}

/**
 * No further than to the edges of the sheet; what has room is in the middle. Below the sheet there may be more: what the map in the
 * corner would else cover for ever.
 * @param {Sheet} sheet
 * @param {Size} room
 * @param {View} view
 * @param {number} foot pixels
 * @returns {View}
 */
export function clamped(sheet, room, { scale, x, y }, foot = 0) {
  const within = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ window, /** @type {number} */ more) => {
    const slack = length + 2 * EDGE - window;
    return slack <= 0 ? -EDGE + slack / 2 : Math.min(length + EDGE - window + more, Math.max(-EDGE, at));
  };
  return { scale, x: within(x, sheet.width, room.width / scale, 0), y: within(y, sheet.height, room.height / scale, foot / scale) };
}

/**
 * Where a finger on the window goes to the page around it: in the directions in which all of a sheet is in sight.
 * @param {Sheet} sheet
 * @param {Size} room
 * @param {number} scale
 */
export function passedOn(sheet, room, scale) {
  const across = scale * (sheet.width + 2 * EDGE) <= room.width + 1;
  const down = scale * (sheet.height + 2 * EDGE) <= room.height + 1;
  return [across ? "pan-x" : "", down ? "pan-y" : ""].join(" ").trim() || "none";
}

/**
 * The part of a sheet that a window shows, and so much more around it.
 * @param {View} view
 * @param {Size} room
 * @param {number} more
 * @returns {Bounds}
 */
export function windowOf({ scale, x, y }, room, more = 0) {
  return { left: x - more, top: y - more, right: x + room.width / scale + more, bottom: y + room.height / scale + more };
}

/**
 * @param {Bounds} a
 * @param {Bounds} b
 */
export function meets(a, b) {
  return a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
}

/**
 * The box nearest to a point.
 * @param {Sheet} sheet
 * @param {Point} point
 */
export function nearest(sheet, { x, y }) {
  const beside = (/** @type {Box} */ box) =>
    Math.hypot(Math.max(0, Math.abs(box.x - x) - box.width / 2), Math.max(0, Math.abs(box.y - y) - box.height / 2));
  let best = sheet.boxes[0];
  for (const box of sheet.boxes) if (beside(box) < beside(best)) best = box;
  return best;
}

/**
 * Where what is at a point of one sheet lies on another: at the same part of the box, or of all boxes that are in it.
 * @param {Sheet} from
 * @param {Sheet} to
 * @param {Point} point
 * @returns {Point}
 */
export function carried(from, to, point) {
  const box = nearest(from, point);
  const homes = [...new Set(box.members.flatMap((id) => to.boxOf.get(id) ?? []))];
  if (!homes.length) return { x: to.width / 2, y: to.height / 2 };
  const there = around(homes.map((home) => to.boxes[home]));
  const share = (/** @type {number} */ at, /** @type {number} */ middle, /** @type {number} */ size) =>
    Math.min(1, Math.max(0, (at - middle) / size + 0.5));
  return {
    x: there.left + (there.right - there.left) * share(point.x, box.x, box.width),
    y: there.top + (there.bottom - there.top) * share(point.y, box.y, box.height),
  };
}

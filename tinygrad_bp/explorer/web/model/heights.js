// The error over two parameters, computed in parts, so that nobody waits for it: a coarse grid first, then a fine one.

const COARSE = 17;
const FINE = 61;
const LATEST = 5; // milliseconds of computing between two pictures

/**
 * @typedef {[number, number]} Range
 * @typedef {{ size: number, heights: Float64Array, done: number, x: Range, y: Range, error: (a: number, b: number) => number, key: string }} Grid
 */

export class Landscape {
  constructor() {
    /** @type {Grid | null} */
    this.whole = null; // the last one that is computed
    /** @type {Grid | null} */
    this.growing = null;
    /** @type {Omit<Grid, "size" | "heights" | "done"> | null} */
    this.wanted = null;
  }

  /**
   * Asks for another map, if it is another.
   * @param {Omit<Grid, "size" | "heights" | "done">} map
   */
  want(map) {
    this.wanted = map;
    if (this.growing && this.growing.size === FINE && this.growing.key !== map.key) this.growing = null;
  }

  // Whether there is something to compute.
  get waits() {
    const { wanted, whole, growing } = this;
    return Boolean(growing || (wanted && (whole?.key !== wanted.key || whole.size !== FINE)));
  }

  /**
   * Computes for a while. Returns whether there is another map to draw. A coarse one is made to its end, whatever is wanted by then: else
   * there would be none while everything changes.
   * @param {number} milliseconds
   */
  grow(milliseconds = LATEST) {
    const end = performance.now() + milliseconds;
    if (!this.growing && this.wanted && this.waits) {
      const size = this.whole?.key === this.wanted.key ? FINE : COARSE;
      this.growing = { ...this.wanted, size, heights: new Float64Array(size * size), done: 0 };
    }
    const { growing } = this;
    if (!growing) return false;
    const { size, heights, x, y } = growing;
    while (growing.done < heights.length) {
      const [column, row] = [growing.done % size, Math.floor(growing.done / size)];
      heights[growing.done] = growing.error(x[0] + ((x[1] - x[0]) * column) / (size - 1), y[0] + ((y[1] - y[0]) * row) / (size - 1));
      growing.done += 1;
      if (growing.done % 16 === 0 && performance.now() > end) return false;
    }
    this.whole = growing;
    this.growing = null;
    return true;
  }
}

/**
 * The heights between the places of a grid: of a share across and up, from 0 to 1.
 * @param {Pick<Grid, "size" | "heights">} grid
 * @param {number} across
 * @param {number} up
 */
export function heightAt({ size, heights }, across, up) {
  const x = across * (size - 1);
  const y = up * (size - 1);
  const column = Math.min(size - 2, Math.floor(x));
  const row = Math.min(size - 2, Math.floor(y));
  const a = x - column;
  const b = y - row;
  const at = row * size + column;
  const below = heights[at] * (1 - a) + heights[at + 1] * a;
  const above = heights[at + size] * (1 - a) + heights[at + size + 1] * a;
  return below * (1 - b) + above * b;
}

/**
 * The lowest and the highest of a grid's finite heights.
 * @param {Pick<Grid, "heights">} grid
 * @returns {Range}
 */
export function extremes({ heights }) {
  let [low, high] = [Infinity, -Infinity];
  for (const height of heights) {
    if (!Number.isFinite(height)) continue;
    low = Math.min(low, height);
    high = Math.max(high, height);
  }
  return [low, high];
}

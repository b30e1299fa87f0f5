// What moves: a picture for each moment from 0 to 1. Who wants less motion sees the last one at once.

/** Whether the reader wants no travel. */
function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Draws from 0 to 1, and returns what ends it early.
 * @param {number} milliseconds
 * @param {(moment: number) => void} draw
 */
export function move(milliseconds, draw) {
  if (isCalm()) {
    draw(1);
    return () => {};
  }
  const start = performance.now();
  let request = 0;
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    cancelAnimationFrame(request);
    draw(1);
  };
  const tick = () => {
    const moment = (performance.now() - start) / milliseconds;
    if (moment >= 1) {
      end();
      return;
    }
    draw(Math.max(0, moment));
    request = requestAnimationFrame(tick);
  };
  tick();
  return end;
}

/**
 * How far a part of a movement is that lasts from one moment to another: slow at its ends.
 * @param {number} moment
 * @param {number} from
 * @param {number} to
 */
export function between(moment, from, to) {
  const share = Math.min(1, Math.max(0, (moment - from) / (to - from)));
  return share * share * (3 - 2 * share);
}

/**
 * @param {{ x: number, y: number }} a
 * @param {{ x: number, y: number }} b
 * @param {number} share
 */
export function along(a, b, share) {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

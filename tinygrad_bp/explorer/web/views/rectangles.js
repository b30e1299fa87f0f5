// Rectangles, which may be turned, and lines: whether they meet.

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ from: Point, to: Point }} Segment
 * @typedef {{ x: number, y: number, angle: number, width: number, height: number }} Rect its middle, its size, and its turn in radians
 */

/**
 * Whether a line passes through an upright rectangle.
 * @param {Segment} line
 * @param {Rect} rect
 */
export function passes({ from, to }, rect) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  const around = rect.width + rect.height;
  if (2 * Math.abs(x - rect.x) > Math.abs(dx) + around || 2 * Math.abs(y - rect.y) > Math.abs(dy) + around) return false;
  const middle = { x, y, angle: Math.atan2(dy, dx), width: Math.hypot(dx, dy), height: 1 };
  return overlap(middle, rect);
}

/**
 * Whether two turned rectangles overlap, by their separating axes.
 * @param {Rect} a
 * @param {Rect} b
 */
export function overlap(a, b) {
  if (Math.hypot(a.x - b.x, a.y - b.y) > (a.width + a.height + b.width + b.height) / 2) return false;
  return [a.angle, a.angle + Math.PI / 2, b.angle, b.angle + Math.PI / 2].every((angle) => {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const distance = Math.abs((a.x - b.x) * cos + (a.y - b.y) * sin);
    return distance < reach(a, angle) + reach(b, angle);
  });
}

/**
 * How far a turned rectangle reaches from its middle in a direction.
 * @param {{ width: number, height: number, angle: number }} box
 * @param {number} direction
 */
function reach({ width, height, angle }, direction) {
  const turn = direction - angle;
  return (Math.abs(Math.cos(turn)) * width + Math.abs(Math.sin(turn)) * height) / 2;
}

// Maps of a plane as pictures: orange where they are low, blue where they are high.

import { isDark } from "./elements.js";

export const SIZE = 25; // places of a map, across and up; between them the browser makes it smooth
const LOW = [224, 122, 40];
const HIGH = [42, 124, 190];
const MIDDLE = [246, 247, 249];
const MIDDLE_DARK = [24, 30, 38];

/**
 * Paints a map: orange where it is low, blue where it is high.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} numbers
 * @param {import("../model/maps.js").Range} scale
 */
export function colour(canvas, numbers, [low, high]) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const dark = isDark();
  const image = context.createImageData(SIZE, SIZE);
  const middle = dark ? MIDDLE_DARK : MIDDLE;
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      const share = Math.max(-1, Math.min(1, (2 * (numbers[(SIZE - 1 - row) * SIZE + column] - low)) / (high - low) - 1)) || 0;
      const end = share < 0 ? LOW : HIGH;
      const at = 4 * (row * SIZE + column);
      for (let k = 0; k < 3; k++) image.data[at + k] = middle[k] + (end[k] - middle[k]) * 0.9 * Math.abs(share);
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

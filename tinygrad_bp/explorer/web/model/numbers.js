// How numbers are written and read.

import { spoken } from "./words.js";

export const TOLD_DIGITS = 6; // of numbers in a beat
const LEAST_PLAIN = 1e-4; // what is smaller, or this large, is written with a power of ten
const MOST_PLAIN = 1e6;
const NEARLY_NOTHING = 1e-3;

/**
 * A number for people, as the explanations of the package write it: so many decimals, or of a very small or large one so many significant
 * digits. What is exact ends early.
 * @param {number | null | undefined} x
 */
export function written(x, digits = 9) {
  if (x === null || x === undefined) return "·";
  if (Number.isNaN(x)) return "undefined";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  let shown;
  if (size === 0) shown = "0";
  else if (size < 10 ** -Math.floor(digits / 2) || size >= MOST_PLAIN) {
    shown = x.toPrecision(Math.max(1, digits));
    if (shown.includes("e")) shown = x.toExponential(Math.max(0, digits - 1));
    else if (size < LEAST_PLAIN) shown = x.toExponential(Math.max(0, digits - 1));
    const [mantissa, exponent] = shown.split("e");
    const short = isExact(shown, x) && mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    shown = exponent ? `${short}e${exponent.replace("+", "")}` : short;
  } else shown = fixed(x, digits);
  if (size && size < NEARLY_NOTHING) shown = one(shown);
  return shown.replace("-", "−").replace("e-", "e−");
}

/**
 * A small number of which all digits but the first are 0 when it is rounded: 0.0001, not 1.00000000e-4.
 * @param {string} digits
 */
function one(digits) {
  if (!/^-?[0.]*[1-9][0.]*(e|$)/.test(digits)) return digits;
  const rounded = Number(digits);
  return Math.abs(rounded) < LEAST_PLAIN ? rounded.toExponential() : String(rounded);
}

/**
 * Whether digits are all of a number, but for rounding.
 * @param {string} digits
 * @param {number} x
 */
function isExact(digits, x) {
  return Math.abs(Number(digits) - x) <= 1e-14 * Math.abs(x);
}

/**
 * @param {number} x
 * @param {number} decimals
 */
function fixed(x, decimals) {
  const shown = x.toFixed(decimals);
  return isExact(shown, x) && shown.includes(".") ? shown.replace(/\.?0+$/, "") : shown;
}

/**
 * A number in a beat: with so many decimals, and one that is too small for them with so many digits.
 * @param {number | null | undefined} x
 * @param {number} decimals
 */
export function told(x, decimals = TOLD_DIGITS) {
  const size = Math.abs(x ?? 0);
  if (!(size >= LEAST_PLAIN && size < MOST_PLAIN)) return written(x, decimals);
  const shown = fixed(/** @type {number} */ (x), decimals);
  return (size < NEARLY_NOTHING ? one(shown) : shown).replace("-", "−");
}

/**
 * A number in so many significant digits, for a picture. What is exact ends early.
 * @param {number | null | undefined} x
 * @param {number} digits
 */
export function brief(x, digits) {
  if (x === null || x === undefined || !Number.isFinite(x) || x === 0) return written(x);
  const power = Number(x.toExponential(Math.max(0, digits - 2)).split("e")[1]); // of the number as it is rounded
  if (power === -4) return told(Number(x.toPrecision(Math.max(1, digits - 1)))); // 0.000439, as in a beat
  if (power < -3 || power > digits) {
    const [mantissa, exponent] = x.toExponential(Math.max(0, digits - 2)).split("e");
    return `${mantissa.replace(/\.0*$/, "")}e${exponent.replace("+", "")}`.replaceAll("-", "−");
  }
  return written(x, Math.max(0, digits - 1 - power));
}

/**
 * The number with every digit, as Python writes it.
 * @param {number | null | undefined} x
 */
export function exactly(x) {
  if (x === null || x === undefined) return "";
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  const shown = String(x);
  return /[.e]/.test(shown) ? shown.replace(/e([+-])(\d)$/, "e$10$2") : `${shown}.0`;
}

/**
 * The number with every digit, as people type it into a field: 3, not 3.0.
 * @param {number | null | undefined} x
 */
export function typedNumber(x) {
  return exactly(x).replace(/\.0$/, "");
}

/**
 * What was typed as a number; null if it is none, or not finite. A comma for the decimal point is understood, a proper minus sign, and
 * digits of full width, as Japanese keyboards write them.
 * @param {string} given
 */
export function parsed(given) {
  const typed = given.normalize("NFKC");
  if (/^[-+]?[1-9]\d{0,2}(,\d{3})+$/.test(typed.trim())) return null; // 10,000 is meant to be ten thousand, or not
  const plain = typed
    .trim()
    .replace(/[−–]/g, "-")
    .replace(/^([-+]?\d*),(\d+)$/, "$1.$2");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain)) return null;
  const x = Number(plain);
  return Number.isFinite(x) ? x + 0 : null; // -0 is 0
}

/**
 * @param {number} x
 * @param {number} [digits]
 */
export function signed(x, digits) {
  return (x > 0 ? "+" : "") + written(x, digits);
}

/**
 * A whole number for people: 10,000.
 * @param {number | bigint} n
 */
export function counted(n) {
  return n.toLocaleString(spoken());
}

// Holds exact arithmetic on JSON numbers: which are 64-bit integers, which are Cedar decimals; nothing is ever rounded.

import { JsonNumber, type Json } from '../std/json.ts'

const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n
const PARTS = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/** `±digits × 10^-scale`, digits without leading or trailing zeros; zero is the empty text. */
interface Exact {
  readonly negative: boolean
  readonly digits: string
  readonly scale: number
}

/** Narrows to a JSON number, read either way. */
export function isNumber(value: Json): value is number | JsonNumber {
  return typeof value === 'number' || value instanceof JsonNumber
}

/** The text of a number as it was read. */
export function numberText(value: number | JsonNumber): string {
  return typeof value === 'number' ? String(value) : value.text
}

/** Takes a number apart without a double and without expanding its exponent: `1e999999999` costs nothing. */
function exact(value: number | JsonNumber): Exact | undefined {
  const match = PARTS.exec(numberText(value))
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const whole = `${match[2]}${fraction}`
  let from = 0
  let to = whole.length
  while (from < to && whole[from] === '0') from++
  while (to > from && whole[to - 1] === '0') to--
  const digits = whole.slice(from, to)
  if (digits === '') return { negative: false, digits, scale: 0 }
  const scale = fraction.length - (whole.length - to) - Number(match[4] ?? '0')
  return { negative: match[1] === '-', digits, scale }
}

/** `value × 10^places` where that is an integer of at most 19 digits, otherwise undefined. */
function scaled(value: Exact, places: number): bigint | undefined {
  if (value.digits === '') return 0n
  const zeros = places - value.scale
  if (zeros < 0 || value.digits.length + zeros > 19) return undefined
  const size = BigInt(value.digits + '0'.repeat(zeros))
  const out = value.negative ? -size : size
  return out < LONG_MIN || out > LONG_MAX ? undefined : out
}

/** Whether a number is an integer as JSON Schema counts them: `1.0` and `1e3` are. */
export function isInteger(value: number | JsonNumber): boolean {
  const parts = exact(value)
  return parts !== undefined && parts.scale <= 0
}

/** The 64-bit integer that a number is; undefined beyond the range or with a fraction. */
export function toLong(value: number | JsonNumber): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  const parts = exact(value)
  return parts === undefined ? undefined : scaled(parts, 0)
}

/** The text of the Cedar decimal that a number is: four fraction digits, exactly; undefined where it is none. */
export function toDecimal(value: number | JsonNumber): string | undefined {
  const parts = exact(value)
  const units = parts === undefined ? undefined : scaled(parts, 4)
  if (units === undefined) return undefined
  const size = (units < 0n ? -units : units).toString().padStart(5, '0')
  return `${units < 0n ? '-' : ''}${size.slice(0, -4)}.${size.slice(-4)}`
}

/** Digits and places that a quotient is computed over; beyond, nothing is said. */
const MAX_PLACES = 400

/** -1, 0 or 1 as `a` is below, equal to or above `b`: exactly, whatever their exponents. Undefined for what is no number. */
export function compareNumbers(
  a: number | JsonNumber,
  b: number | JsonNumber,
): -1 | 0 | 1 | undefined {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  const [x, y] = [exact(a), exact(b)]
  if (x === undefined || y === undefined) return undefined
  const [left, right] = [sign(x), sign(y)]
  if (left !== right) return left < right ? -1 : 1
  if (left === 0) return 0
  const size = magnitude(x, y)
  return size === 0 ? 0 : size > 0 === left > 0 ? 1 : -1
}

/** Whether `a` is an integer times `b`, exactly. Undefined where the digits are too many to say, or `b` is zero. */
export function isMultipleOf(a: number | JsonNumber, b: number | JsonNumber): boolean | undefined {
  const [x, y] = [exact(a), exact(b)]
  if (x === undefined || y === undefined || y.digits === '') return undefined
  if (x.digits === '') return true
  const places = y.scale - x.scale
  const digits = x.digits.length + y.digits.length
  if (!(Math.abs(places) + digits <= MAX_PLACES)) return undefined
  const over = BigInt(x.digits + '0'.repeat(Math.max(0, places)))
  const under = BigInt(y.digits + '0'.repeat(Math.max(0, -places)))
  return over % under === 0n
}

/** One text for every way of writing the same number. */
export function numberKey(value: number | JsonNumber): string {
  const parts = exact(value)
  if (parts === undefined) return numberText(value)
  return `${parts.negative ? '-' : ''}${parts.digits}e${-parts.scale}`
}

function sign({ negative, digits }: Exact): -1 | 0 | 1 {
  return digits === '' ? 0 : negative ? -1 : 1
}

/** Compares the sizes of two numbers that are not zero. Digits have no zeros at either end, so that texts compare as fractions. */
function magnitude(x: Exact, y: Exact): number {
  const order = x.digits.length - x.scale - (y.digits.length - y.scale)
  if (order !== 0) return order
  return x.digits < y.digits ? -1 : x.digits > y.digits ? 1 : 0
}

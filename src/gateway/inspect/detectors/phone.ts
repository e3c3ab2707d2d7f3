// Holds the detector of telephone numbers as E.164 writes them: `+`, a country code, and at most 15 digits.

import { isDigit, isWord, type Detector } from './detector.ts'

const DIGITS_MAX = 15
const DIGITS_MIN = 8
/** Country codes of one and of two digits (ITU-T E.164, list of 2016-11-15); three digits begin with the rest. */
const ONE = new Set(['1', '7'])
const TWO = new Set(
  '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'.split(
    ' ',
  ),
)
const THREE =
  /^(?:2[1-69]\d|35\d|37[0-8]|38[0-35-79]|42[013]|50\d|59\d|67[02-9]|68\d|69[0-2]|8[57]\d|88[0-368]|9[67]\d|99[2-68])/
const NANP = /^1[2-9]\d{2}[2-9]\d{6}$/

function valid(digits: string): boolean {
  if (digits.length < DIGITS_MIN || digits.length > DIGITS_MAX) return false
  if (digits.startsWith('1')) return NANP.test(digits)
  if (ONE.has(digits[0]!)) return digits.length === 11
  return (TWO.has(digits.slice(0, 2)) && digits.length >= 9) || THREE.test(digits)
}

/** Digits from a place on with what may part them, one or two characters between two digits. */
function read(text: string, from: number): { readonly digits: string; readonly to: number } {
  let digits = ''
  let to = from
  for (
    let at = from, gap = 0;
    at < text.length && gap < 3 && digits.length <= DIGITS_MAX;
    at += 1
  ) {
    if (isDigit(text.charCodeAt(at))) {
      digits += text[at]!
      to = at + 1
      gap = 0
    } else if (' -.()\u00a0/'.includes(text[at]!)) gap += 1
    else break
  }
  return { digits, to }
}

export const phone: Detector = {
  kind: 'phone',
  find(text, spans) {
    for (let at = text.indexOf('+'); at >= 0; at = text.indexOf('+', at + 1)) {
      if (at > 0 && isWord(text.charCodeAt(at - 1))) continue
      const { digits, to } = read(text, at + 1)
      if (!valid(digits) || isWord(text.charCodeAt(to))) continue
      spans.push({ from: at, to, kind: 'phone' })
    }
  },
}

// Holds the detector of payment card numbers: a length and a range that a network issues (ISO/IEC 7812-1), and the check digit by Luhn.

import type { Detector } from './detector.ts'

/** Digits in one piece or in the groups that cards are printed with, parted by one kind of character. */
const RUN =
  /(?<![\w.,:/-])(?:[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -])\d{6}\2\d{5}|3\d{3}([ -])\d{6}\3\d{4}|[2-6]\d{13,18})(?![\w]|[.,:/-]\d)/g

/** Digits of the shortest of them. */
const SHORTEST = 14

/** Ranges that are issued, with the lengths of their numbers. */
const ISSUED: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [16]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|095|[689])/, [14, 16]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 19]],
  [/^62/, [16, 17, 18, 19]],
]

/** True where the last digit is the check digit of the others. */
export function luhn(digits: string): boolean {
  let sum = 0
  for (let at = 0; at < digits.length; at += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48
    const doubled = at % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

export const card: Detector = {
  kind: 'card',
  find(text, spans) {
    if (text.length < SHORTEST || !/\d{4}/.test(text)) return
    for (const { 0: run, index } of text.matchAll(RUN)) {
      const digits = run.replaceAll(/[ -]/g, '')
      const issued = ISSUED.some(
        ([range, lengths]) => range.test(digits) && lengths.includes(digits.length),
      )
      if (issued && luhn(digits)) {
        spans.push({ from: index, to: index + run.length, kind: 'card' })
      }
    }
  },
}

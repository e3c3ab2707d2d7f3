// Holds the detector of bank account numbers (ISO 13616-1): a length for each country, and a remainder of 1 by 97 (ISO 7064).

import { isDigit, isWord, type Detector } from './detector.ts'

/** Characters of an IBAN by country (SWIFT IBAN registry). */
const LENGTHS = new Map(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)
/** Characters of the shortest of them. */
const SHORTEST = 15
const HEAD = /[A-Z]{2}[0-9]{2}/g

function remainder(iban: string): number {
  let rest = 0
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest
}

/** So many characters of it from a place on, single spaces skipped. */
function take(
  text: string,
  from: number,
  length: number,
): { iban: string; to: number } | undefined {
  let iban = ''
  let at = from
  for (; iban.length < length; at += 1) {
    const char = text[at]
    if (char === undefined) return undefined
    const code = char.charCodeAt(0)
    if (isDigit(code) || (code >= 65 && code <= 90)) iban += char
    else if (!(char === ' ' && text[at - 1] !== ' ')) return undefined
  }
  return { iban, to: at }
}

export const iban: Detector = {
  kind: 'iban',
  find(text, spans) {
    if (text.length < SHORTEST) return
    for (const { 0: head, index } of text.matchAll(HEAD)) {
      const length = LENGTHS.get(head.slice(0, 2))
      if (length === undefined || (index > 0 && isWord(text.charCodeAt(index - 1)))) continue
      const taken = take(text, index, length)
      if (taken === undefined || isWord(text.charCodeAt(taken.to))) continue
      if (remainder(taken.iban) === 1) spans.push({ from: index, to: taken.to, kind: 'iban' })
    }
  },
}

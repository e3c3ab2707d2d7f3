// Holds the detector of national identity numbers whose form or check digits tell them from other numbers.

import type { Detector } from './detector.ts'

interface Form {
  /** Global, and bounded in every part. */
  readonly shape: RegExp
  readonly valid: (text: string) => boolean
}

function digitsOf(text: string): string {
  return text.replaceAll(/[^0-9]/g, '')
}

/** United States: three parts that are issued (SSA, "randomization" of 2011), less those that advertisements made invalid. */
function socialSecurity(text: string): boolean {
  const [area = '', group = '', serial = ''] = text.split('-')
  const known = ['078-05-1120', '219-09-9999', '123-45-6789', '111-11-1111']
  return (
    !/^(?:000|666|9)/.test(area) && group !== '00' && serial !== '0000' && !known.includes(text)
  )
}

/** Spain: DNI and NIE, a letter by the remainder by 23. */
function spanish(text: string): boolean {
  const number = text.slice(0, -1).replace(/^[XYZ]/, (first) => String('XYZ'.indexOf(first)))
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] === text.at(-1)
}

/** France: the number of the NIR with its key, 97 less the remainder by 97; Corsica's `2A` and `2B` count as 19 and 18. */
function french(text: string): boolean {
  const flat = text.replaceAll(' ', '').replace('2A', '19').replace('2B', '18')
  return 97n - (BigInt(flat.slice(0, 13)) % 97n) === BigInt(flat.slice(13))
}

const ODD = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
]

/** Italy: the codice fiscale, a letter by sums over odd and even places. */
function italian(text: string): boolean {
  let sum = 0
  for (let at = 0; at < 15; at += 1) {
    const code = text.charCodeAt(at)
    const value = code < 58 ? code - 48 : code - 65
    sum += at % 2 === 0 ? ODD[value]! : value
  }
  return String.fromCharCode(65 + (sum % 26)) === text[15]
}

/** Brazil: CPF, two check digits by 11. */
function brazilian(text: string): boolean {
  const digits = Array.from(digitsOf(text), Number)
  const check = (length: number): number => {
    const sum = digits
      .slice(0, length)
      .reduce((all, digit, at) => all + digit * (length + 1 - at), 0)
    return ((sum * 10) % 11) % 10
  }
  return new Set(digits).size > 1 && check(9) === digits[9] && check(10) === digits[10]
}

/** Belgium: 97 less the remainder by 97, with a leading 2 for those born since 2000. */
function belgian(text: string): boolean {
  const digits = digitsOf(text)
  const number = Number(digits.slice(0, 9))
  const key = Number(digits.slice(9))
  return key === 97 - (number % 97) || key === 97 - ((2_000_000_000 + number) % 97)
}

/** Characters of the shortest of them. */
const SHORTEST = 9

const FORMS: readonly Form[] = [
  { shape: /(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w]|[.-]\d)/g, valid: socialSecurity },
  { shape: /(?<![\w.-])(?:\d{8}|[XYZ]\d{7})[A-HJ-NP-TV-Z](?![\w-])/g, valid: spanish },
  {
    shape:
      /(?<![\w.-])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\w]|[.-]\d)/g,
    valid: french,
  },
  { shape: /(?<![\w-])[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![\w-])/g, valid: italian },
  { shape: /(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w]|[.-]\d)/g, valid: brazilian },
  { shape: /(?<![\w.-])\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?![\w]|[.-]\d)/g, valid: belgian },
]

export const nationalId: Detector = {
  kind: 'national-id',
  find(text, spans) {
    if (text.length < SHORTEST || !/\d{2}/.test(text)) return
    for (const { shape, valid } of FORMS) {
      for (const { 0: found, index } of text.matchAll(shape)) {
        if (valid(found)) spans.push({ from: index, to: index + found.length, kind: 'national-id' })
      }
    }
  },
}

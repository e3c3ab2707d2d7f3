// Holds the formats of JSON Schema that are checked; what is not listed is a note of the upstream's and checked by nobody.

import { isIP } from 'node:net'

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME =
  /^([01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,12})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Characters that no address may hold: a control or a space splits what a policy read as one. */
// eslint-disable-next-line no-control-regex
const UNFIT = /[\u0000-\u0020\u007f-\u00a0\u2028\u2029"<>\\^`{|}]/

function isDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text) ?? []
  if (year === undefined || month === undefined || day === undefined) return false
  const leap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0)
  const days = month === '02' && leap ? 29 : (MONTHS[Number(month) - 1] ?? 0)
  return Number(day) >= 1 && Number(day) <= days
}

function isHostname(text: string): boolean {
  const labels = text.split('.')
  return (
    text.length <= 253 &&
    labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label))
  )
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  return at > 0 && at < text.length - 1 && !UNFIT.test(text) && text.indexOf('@') === at
}

/** Checks by the name of the format (JSON Schema Validation §7.3). None can take more than linear time. */
export const FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['date', isDate],
  ['time', (text: string) => TIME.test(text)],
  [
    'date-time',
    (text: string) =>
      /^[Tt]$/.test(text[10] ?? '') && isDate(text.slice(0, 10)) && TIME.test(text.slice(11)),
  ],
  ['uuid', (text: string) => UUID.test(text)],
  ['ipv4', (text: string) => isIP(text) === 4],
  ['ipv6', (text: string) => isIP(text) === 6 && !text.includes('%')],
  ['hostname', isHostname],
  ['email', isEmail],
  ['uri', (text: string) => /^[a-z][a-z0-9+.-]*:/i.test(text) && !UNFIT.test(text)],
  ['uri-reference', (text: string) => !UNFIT.test(text)],
])

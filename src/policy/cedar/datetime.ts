// Holds Cedar's moments and durations: milliseconds in 64 bits, read from text of one form each.

import { isLong } from './long.ts'
import { refused } from './trouble.ts'

const DAY = 86_400_000n
const MOMENT =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}))?(?:Z|([+-])([0-9]{2})([0-9]{2})))?$/
const DURATION = /^(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/
const UNITS = [DAY, 3_600_000n, 60_000n, 1_000n, 1n]

/** A moment. */
export class DateTime {
  readonly name = 'datetime'
  /** Milliseconds since the epoch. */
  readonly value: bigint
  readonly key: string

  constructor(value: bigint) {
    this.value = value
    this.key = `datetime ${value}`
  }

  /** Reads `2026-11-23`, `2026-11-23T02:06:11Z`, `…11.250+0100`. Throws Trouble. */
  static read(text: string): DateTime {
    const value = readMoment(text)
    return value === undefined
      ? refused('datetime', 'not a well-formed datetime value')
      : new DateTime(value)
  }

  offset(by: Duration): DateTime {
    return new DateTime(held(this.value + by.value, 'datetime'))
  }

  durationSince(other: DateTime): Duration {
    return new Duration(held(this.value - other.value, 'datetime'))
  }

  /** Midnight of its day (UTC). */
  toDate(): DateTime {
    return new DateTime(held(this.value - timeOfDay(this.value), 'datetime'))
  }

  /** The time since that midnight. */
  toTime(): Duration {
    return new Duration(timeOfDay(this.value))
  }
}

/** A span of time. */
export class Duration {
  readonly name = 'duration'
  /** Milliseconds. */
  readonly value: bigint
  readonly key: string

  constructor(value: bigint) {
    this.value = value
    this.key = `duration ${value}`
  }

  /** Reads `1d2h3m4s5ms`, each part at most once and in this order, perhaps with a minus before all. Throws Trouble. */
  static read(text: string): Duration {
    const value = readDuration(text)
    return value === undefined
      ? refused('duration', 'not a well-formed duration value')
      : new Duration(value)
  }

  /** Whole units of so many milliseconds, towards zero. */
  whole(unit: bigint): bigint {
    return this.value / unit
  }
}

/** A result, where 64 bits hold it. */
function held(value: bigint, name: string): bigint {
  return isLong(value) ? value : refused(name, 'the result overflows')
}

function timeOfDay(value: bigint): bigint {
  return ((value % DAY) + DAY) % DAY
}

function readMoment(text: string): bigint | undefined {
  const match = MOMENT.exec(text)
  if (match === null) return undefined
  const number = (at: number): number => Number(match[at] ?? 0)
  const [year, month, day] = [number(1), number(2), number(3)]
  const [hour, minute, second, milli] = [number(4), number(5), number(6), number(7)]
  const [offsetHour, offsetMinute] = [number(9), number(10)]
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) {
    return undefined
  }
  const seconds = (hour * 60 + minute) * 60 + second
  const offset = (offsetHour * 60 + offsetMinute) * 60 * (match[8] === '-' ? 1 : -1)
  return BigInt(daysSinceEpoch(year, month, day)) * DAY + BigInt((seconds + offset) * 1_000 + milli)
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

function daysOf(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

/** Days of the proleptic Gregorian calendar since 1970-01-01. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  // Years that begin in March, so that a leap day is the last of its year.
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function readDuration(text: string): bigint | undefined {
  const match = DURATION.exec(text)
  if (match === null) return undefined
  const parts = match.slice(2)
  if (parts.every((part) => part === undefined)) return undefined
  let sum = 0n
  for (const [at, unit] of UNITS.entries()) {
    if (parts[at] !== undefined) sum += BigInt(parts[at]) * unit
  }
  const value = match[1] === '-' ? -sum : sum
  return isLong(value) ? value : undefined
}

// Holds Cedar's decimals: exact, four digits after the point, in 64 bits.

import { isLong } from './long.ts'
import { refused } from './trouble.ts'

const DECIMAL = /^(-?)([0-9]+)\.([0-9]+)$/
const DIGITS = 4

/** A decimal. */
export class Decimal {
  readonly name = 'decimal'
  /** Ten-thousandths. */
  readonly value: bigint
  readonly key: string

  constructor(value: bigint) {
    this.value = value
    this.key = `decimal ${value}`
  }

  /** Reads `-12.3400`. Throws Trouble. */
  static read(text: string): Decimal {
    const match = DECIMAL.exec(text)
    if (match === null) return refused('decimal', 'not a well-formed decimal value')
    const [, sign, whole, fraction] = match
    if (fraction!.length > DIGITS) {
      return refused('decimal', 'too many digits after the decimal')
    }
    const size = BigInt(whole! + fraction!.padEnd(DIGITS, '0'))
    const value = sign === '-' ? -size : size
    return isLong(value)
      ? new Decimal(value)
      : refused('decimal', 'overflow when converting to decimal')
  }

  /** As it is read. */
  text(): string {
    const size = (this.value < 0n ? -this.value : this.value).toString().padStart(DIGITS + 1, '0')
    return `${this.value < 0n ? '-' : ''}${size.slice(0, -DIGITS)}.${size.slice(-DIGITS)}`
  }
}

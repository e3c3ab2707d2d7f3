// Holds Cedar's extension functions: by name, how many arguments, and what they make of them.

import { DateTime, Duration } from './datetime.ts'
import { Decimal } from './decimal.ts'
import { IpAddr } from './ipaddr.ts'
import { trouble } from './trouble.ts'
import { typeName, type Value } from './value.ts'

/** An extension function. Throws Trouble. */
interface ExtensionFunction {
  readonly arity: 1 | 2
  readonly call: (first: Value, second: Value) => Value
}

function text(value: Value): string {
  if (typeof value === 'string') return value
  return trouble('type', `type error: expected string, got ${typeName(value)}`)
}

type Type<T> = (abstract new (...args: never[]) => T) & { readonly name: string }

function as<T>(type: Type<T>, value: Value): T {
  if (value instanceof type) return value
  return trouble('type', `type error: expected ${type.name.toLowerCase()}, got ${typeName(value)}`)
}

const one = (call: (value: Value) => Value): ExtensionFunction => ({ arity: 1, call })

const method = <T>(type: Type<T>, call: (self: T) => Value): ExtensionFunction =>
  one((value) => call(as(type, value)))

const two = <A, B>(a: Type<A>, b: Type<B>, call: (a: A, b: B) => Value): ExtensionFunction => ({
  arity: 2,
  // Both are looked at, the first first, as the library does.
  call: (first, second) => call(as(a, first), as(b, second)),
})

const compare = (call: (a: bigint, b: bigint) => boolean): ExtensionFunction =>
  two(Decimal, Decimal, (a, b) => call(a.value, b.value))

const whole = (unit: bigint): ExtensionFunction => method(Duration, (self) => self.whole(unit))

/** Every extension function by its name in the library's JSON. */
export const EXTENSIONS: ReadonlyMap<string, ExtensionFunction> = new Map(
  Object.entries({
    decimal: one((value) => Decimal.read(text(value))),
    ip: one((value) => IpAddr.read(text(value))),
    datetime: one((value) => DateTime.read(text(value))),
    duration: one((value) => Duration.read(text(value))),
    lessThan: compare((a, b) => a < b),
    lessThanOrEqual: compare((a, b) => a <= b),
    greaterThan: compare((a, b) => a > b),
    greaterThanOrEqual: compare((a, b) => a >= b),
    isIpv4: method(IpAddr, (self) => self.isIpv4()),
    isIpv6: method(IpAddr, (self) => self.isIpv6()),
    isLoopback: method(IpAddr, (self) => self.isLoopback()),
    isMulticast: method(IpAddr, (self) => self.isMulticast()),
    isInRange: two(IpAddr, IpAddr, (a, b) => a.isInRange(b)),
    offset: two(DateTime, Duration, (a, b) => a.offset(b)),
    durationSince: two(DateTime, DateTime, (a, b) => a.durationSince(b)),
    toDate: method(DateTime, (self) => self.toDate()),
    toTime: method(DateTime, (self) => self.toTime()),
    toMilliseconds: whole(1n),
    toSeconds: whole(1_000n),
    toMinutes: whole(60_000n),
    toHours: whole(3_600_000n),
    toDays: whole(86_400_000n),
  } satisfies Record<string, ExtensionFunction>),
)

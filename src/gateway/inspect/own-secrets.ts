// Holds the search for the secrets that a call itself went out with, in every form in which a system commonly says them back (INV-3).

import { hash } from 'node:crypto'
import { readings } from './decoded.ts'
import type { Effort } from './effort.ts'
import { Scanner } from './scanner.ts'
import type { Span } from './span.ts'

/** Values shorter than this are no secrets worth cutting: they would hit ordinary text. */
const SECRET_LENGTH = 6

/** What may stand before a secret inside something that was encoded as a whole moves its encoding by so many bytes. */
const ALIGNMENTS = [0, 1, 2] as const

/** Base64 of bytes that stand at an alignment of three, without the characters at either end that depend on what stands beside. */
function encodedAt(bytes: Buffer, before: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString(encoding)
    .replace(/=+$/, '')
  // 8 bits before leave 6 and 2 of theirs in the first two characters, 16 bits the first three.
  const first = [0, 2, 3][before]!
  const bits = (before + bytes.length) * 8
  const whole = Math.floor(bits / 6)
  return text.slice(first, whole)
}

function base64Forms(bytes: Buffer): string[] {
  const whole = [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')]
  const parts = ALIGNMENTS.flatMap((before) => [
    encodedAt(bytes, before, 'base64'),
    encodedAt(bytes, before, 'base64url'),
  ])
  return [...whole, ...parts]
}

function htmlEscaped(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8')
  const hex = bytes.toString('hex')
  // As each byte is a character: what the readings of percent-encoded bytes give, and what binary data holds.
  const latin = bytes.toString('latin1')
  const encoded = base64Forms(bytes)
  return [
    value,
    latin,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    htmlEscaped(value),
    hex,
    hex.toUpperCase(),
    ...encoded,
    ...[bytes.toString('base64'), hex].flatMap((once) => base64Forms(Buffer.from(once, 'latin1'))),
  ].filter((form) => form.length >= SECRET_LENGTH)
}

/** Secrets of one call, compiled. */
export interface OwnSecrets {
  /** Characters of the longest way in which one of them is written. */
  readonly longest: number
  /** Adds where they stand in a text. */
  find(text: string, spans: Span[], effort: Effort): void
  /** Bytes, a character each, with every form overwritten by as many `x`; the same text where there is none. */
  overwritten(latin: string): string
}

function compile(secrets: readonly string[]): OwnSecrets | undefined {
  const worth = secrets.filter((value) => value.length >= SECRET_LENGTH)
  if (worth.length === 0) return undefined
  const forms = new Scanner(worth.flatMap(formsOf))
  // What is left of a form once its escapes are resolved: raw values and whatever holds no escape.
  const find = (text: string, spans: Span[], effort: Effort): void => {
    each(text, forms, (from, to) => spans.push({ from, to, kind: 'own' }))
    for (const reading of readings(text, effort)) {
      each(reading.text, forms, (from, to) => {
        spans.push({ from: reading.origin(from), to: reading.origin(to), kind: 'own' })
      })
    }
  }
  return {
    longest: Math.max(forms.longest, ...worth.map((value) => value.length * 6)),
    find,
    overwritten(latin) {
      let out = ''
      let done = 0
      each(latin, forms, (from, to) => {
        out += latin.slice(done, from) + 'x'.repeat(to - from)
        done = to
      })
      return done === 0 ? latin : out + latin.slice(done)
    },
  }
}

function each(text: string, forms: Scanner, found: (from: number, to: number) => void): void {
  for (let hit = forms.next(text, 0); hit !== undefined;) {
    const to = hit.at + hit.length
    found(hit.at, to)
    hit = forms.next(text, to)
  }
}

const ofList = new WeakMap<readonly string[], { readonly own: OwnSecrets | undefined }>()
const ofValues = new Map<string, WeakRef<OwnSecrets>>()

/** Most values that are remembered, each by its hash alone. */
const REMEMBERED = 1024

/**
 * The compiled secrets of equipment. Equal secrets are compiled once for as long as something still holds what came of it: the list
 * that equipment names them by is asked first, then their hash. Nothing here keeps a secret alive.
 */
export function ownSecrets(secrets: readonly string[]): OwnSecrets | undefined {
  if (secrets.length === 0) return undefined
  const known = ofList.get(secrets)
  if (known !== undefined) return known.own
  const key = hash('sha256', JSON.stringify(secrets), 'base64url')
  const own = ofValues.get(key)?.deref() ?? compile(secrets)
  ofList.set(secrets, { own })
  if (own !== undefined) {
    if (ofValues.size >= REMEMBERED) ofValues.clear()
    ofValues.set(key, new WeakRef(own))
  }
  return own
}

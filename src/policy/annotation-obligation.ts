// Holds the reading of annotations that oblige: what a permit asks for of the answer to a call that it permits.

import {
  FOUND_KINDS,
  KEPT_KINDS,
  PERSONAL_KINDS,
  type FoundKind,
  type KeptKind,
  type Obligations,
} from '../wire/obligation.ts'
import { nearest } from './problem.ts'

/** What is right of one value, or why it is not. */
type Read<T> = { readonly value: T } | { readonly wrong: string }

/** What `personal` stands for is written out when it is read. */
const WORDS = [...FOUND_KINDS, 'personal'] as const
/** Host names as URLs have them: lower case, ASCII, labels of letters, digits and hyphens; `*.` alone stands for names below. */
const HOST =
  /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,10}$|^\[[0-9a-f:.]{2,45}\]$/
const LABEL = /^[a-z0-9][a-z0-9._-]{0,63}$/
const COUNT = /^[1-9][0-9]{0,9}$/
/** Ten years. */
const KEEP_DAYS_MAX = 3_650
/** Most names of one list. */
const MOST = 100

function listed(text: string): readonly string[] {
  return [...new Set(text.split(',').map((name) => name.trim()))]
}

function kinds(name: string): (text: string) => Read<readonly FoundKind[]> {
  return (text) => {
    const names = listed(text)
    const wrong = names.find((one) => !(WORDS as readonly string[]).includes(one))
    if (wrong !== undefined) {
      const near = nearest(wrong.toLowerCase(), WORDS)
      const help = near === undefined ? '' : `; did you mean "${near}"?`
      return { wrong: `a \`@${name}\` lists some of: ${WORDS.join(', ')}${help}` }
    }
    const meant = names.flatMap((one) => (one === 'personal' ? PERSONAL_KINDS : [one]))
    return { value: FOUND_KINDS.filter((kind) => meant.includes(kind)) }
  }
}

/** A list of hosts; empty: no link may lead anywhere. */
function links(text: string): Read<Obligations['links'] & {}> {
  const hosts = text.trim() === '' ? [] : listed(text)
  if (hosts.length > MOST || !hosts.every((host) => HOST.test(host))) {
    return {
      wrong:
        'a `@links` lists at most 100 hosts in lower case, "docs.example.com" or "*.example.com" (every name below it), without scheme, port and path; empty: no links',
    }
  }
  return { value: [hosts] }
}

function maxBytes(text: string): Read<number> {
  return COUNT.test(text)
    ? { value: Number(text) }
    : { wrong: 'a `@max_bytes` is a whole number of bytes from 1 to 9999999999, digits alone' }
}

function labels(text: string): Read<readonly string[]> {
  const names = listed(text)
  return names.length <= MOST && names.every((name) => LABEL.test(name))
    ? { value: [...names].sort() }
    : {
        wrong:
          'a `@label` lists data labels: 1 to 64 small letters, digits, `.`, `_` and `-` each, parted by commas',
      }
}

function keep(text: string): Read<readonly KeptKind[]> {
  const names = listed(text)
  return names.every((name) => (KEPT_KINDS as readonly string[]).includes(name))
    ? { value: KEPT_KINDS.filter((kind) => names.includes(kind)) }
    : { wrong: 'a `@keep` says "arguments", "result", or "arguments, result"' }
}

function keepDays(text: string): Read<number> {
  return /^[1-9][0-9]{0,3}$/.test(text) && Number(text) <= KEEP_DAYS_MAX
    ? { value: Number(text) }
    : { wrong: `a \`@keep_days\` is a whole number of days from 1 to ${KEEP_DAYS_MAX}` }
}

/** The annotations that oblige, by name, with the member of `Obligations` that each of them is. */
export const OBLIGING = {
  find: { member: 'find', read: kinds('find') },
  redact: { member: 'redact', read: kinds('redact') },
  refuse: { member: 'refuse', read: kinds('refuse') },
  links: { member: 'links', read: links },
  max_bytes: { member: 'maxBytes', read: maxBytes },
  label: { member: 'labels', read: labels },
  keep: { member: 'keep', read: keep },
  keep_days: { member: 'keepDays', read: keepDays },
} as const

/** The name of an annotation that obliges. */
export type ObligingName = keyof typeof OBLIGING

/** Their names, in the order in which they are told. */
export const OBLIGING_NAMES = Object.keys(OBLIGING) as readonly ObligingName[]

/** Reads those that are there; a name that stands alone has an empty value. */
export function readObligations(given: ReadonlyMap<string, string | null>): {
  readonly obligations?: Obligations
  readonly wrong: readonly { readonly name: ObligingName; readonly message: string }[]
} {
  const obligations: Record<string, unknown> = {}
  const wrong: { name: ObligingName; message: string }[] = []
  for (const name of OBLIGING_NAMES) {
    const text = given.get(name)
    if (text === undefined) continue
    const { member, read } = OBLIGING[name]
    const result = read(text ?? '')
    if ('value' in result) obligations[member] = result.value
    else wrong.push({ name, message: result.wrong })
  }
  return { ...(Object.keys(obligations).length > 0 && { obligations }), wrong }
}

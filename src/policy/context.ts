// Holds the context of a decision: arguments and what the server knows besides, each part made when a policy first reads it.

import type { JsonObject } from '../std/json.ts'
import type { HistoryFacts, Windows } from '../wire/history.ts'
import { DateTime } from './cedar/datetime.ts'
import type { Entities } from './cedar/entities.ts'
import { IpAddr } from './cedar/ipaddr.ts'
import { LazyRecord, PlainRecord } from './cedar/record.ts'
import { notKnown, Trouble, trouble } from './cedar/trouble.ts'
import { Uid } from './cedar/uid.ts'
import { CedarRecord, CedarSet, type Value } from './cedar/value.ts'
import { effective, SubjectEntities, type Subject } from './entity.ts'
import { policyFault } from './faults.ts'
import { readInput, type Input } from './input.ts'
import type { RecordType } from './type.ts'

/** The last moment that Cedar's datetime text can say: the end of the year 9999. */
const MAX_TIME = 253_402_300_799_999

/** Parts of every context; `user`, `task`, `attested` and `network` are there where the subject has them. */
const PARTS = [
  'effects',
  'triggers',
  'user',
  'task',
  'attested',
  'input',
  'unseen',
  'now',
  'history',
  'network',
] as const

/** Parts that are not known before there is a call. */
const OPEN: ReadonlySet<string> = new Set(['input', 'unseen', 'now', 'history', 'network'])

/** What only a call has. */
interface Known {
  readonly input: Input
  /** ms since the epoch. */
  readonly now: number
}

/** The context of one call, or of every call that a subject could make. Belongs to one decision: what was read is remembered. */
export class CallContext extends CedarRecord {
  readonly #subject: Subject
  readonly #known: Known | undefined
  readonly #read = new Map<string, Value>()
  #entities: Entities | undefined

  constructor(subject: Subject, known: Known | undefined) {
    super()
    this.#subject = subject
    this.#known = known
  }

  /** The entities of the subject: every party asks about the same ones. */
  get entities(): Entities {
    return (this.#entities ??= new SubjectEntities(this.#subject))
  }

  has(name: string): boolean {
    const { attested, network, person, task } = this.#subject
    switch (name) {
      case 'user':
        return person !== undefined
      case 'task':
        // Before there is a call, one may still be opened.
        return task === undefined && this.#known === undefined ? notKnown() : task !== undefined
      case 'attested':
        return attested !== undefined && Object.keys(attested).length > 0
      case 'network':
        return this.#known === undefined ? notKnown() : network !== undefined
      default:
        return (PARTS as readonly string[]).includes(name)
    }
  }

  get(name: string): Value | undefined {
    const read = this.#read.get(name)
    if (read !== undefined) return read
    if (this.#known === undefined && OPEN.has(name)) return notKnown()
    if (!this.has(name)) return undefined
    const value = this.#make(name)
    this.#read.set(name, value)
    return value
  }

  *entries(): Iterable<readonly [string, Value]> {
    for (const name of PARTS) if (this.has(name)) yield [name, this.get(name)!]
  }

  #make(name: string): Value {
    const { effects, triggered = [], triggers = [], person, attested = {}, history } = this.#subject
    switch (name) {
      case 'input':
        return this.#known!.input.record
      case 'unseen':
        return new CedarSet(this.#known!.input.unseen)
      case 'now':
        return new DateTime(BigInt(this.#known!.now))
      case 'effects':
        return new CedarSet([...effective(effects), ...triggered])
      case 'triggers':
        return new CedarSet(triggers)
      case 'user':
        return new Uid('Person', person!.id)
      case 'attested':
        return new PlainRecord(new Map(Object.entries(attested)))
      case 'history':
        return historyRecord(history)
      case 'network':
        return this.#network()
      default:
        return this.#task()
    }
  }

  /** The end means nothing without a time. */
  #task(): CedarRecord {
    const { id, intent, person, endsAt } = this.#subject.task!
    const ends = (): Value => (this.#known === undefined ? notKnown() : moment(endsAt))
    const parts: [string, () => Value][] = [
      ['id', () => id],
      ['intent', () => intent],
      ['person', () => new Uid('Person', person)],
      ['endsAt', ends],
    ]
    return new LazyRecord(new Map(parts))
  }

  #network(): CedarRecord {
    const { listener, address } = this.#subject.network!
    const parts: [string, Value][] = [
      ['listener', listener],
      ['ip', ipOf(address)],
    ]
    return new PlainRecord(new Map(parts))
  }
}

function moment(time: number): DateTime {
  if (Number.isInteger(time) && time >= 0 && time <= MAX_TIME) return new DateTime(BigInt(time))
  throw policyFault('policy.engine', 'a time of the call is not a time')
}

/**
 * The history as policies read it. Where none is kept, every attribute is there as the schema says, also to `has`, and reading it
 * errs: a forbid that asks for a count nobody has denies (INV-2).
 */
function historyRecord(history: HistoryFacts | undefined): CedarRecord {
  if (history === undefined) return NOT_KEPT
  const windows = (
    name: Exclude<keyof HistoryFacts, 'actions' | 'labels'>,
  ): [string, () => Value] => [name, () => windowRecord(history[name])]
  return new LazyRecord(
    new Map([
      ...WINDOWS.map(windows),
      ['actions', (): Value => new CedarSet(history.actions)] as const,
      ['labels', (): Value => new CedarSet(history.labels)] as const,
    ]),
  )
}

const WINDOWS = [
  'calls',
  'writes',
  'same',
  'denials',
  'errors',
  'money',
  'bytes',
  'recipients',
] as const

/** A history that nobody keeps: whatever is read of it errs, and nothing of it can be listed. */
class NotKept extends CedarRecord {
  get(): Value | undefined {
    return trouble('missing', 'no history is kept where this is decided')
  }

  has(): boolean {
    return true
  }

  entries(): Iterable<readonly [string, Value]> {
    return []
  }
}

const NOT_KEPT: CedarRecord = new NotKept()

function windowRecord({ minute, hour, day }: Windows): CedarRecord {
  const counts: [string, Value][] = [
    ['minute', BigInt(minute)],
    ['hour', BigInt(hour)],
    ['day', BigInt(day)],
  ]
  return new PlainRecord(new Map(counts))
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/**
 * An address as Cedar's `ip` reads it: IPv4 that came mapped into IPv6 is IPv4, and a zone is left off. What is no address stays
 * text, so that a policy which compares it errs.
 */
function ipOf(text: string): Value {
  const address = text.replace(MAPPED, '').replace(/%.*$/s, '')
  const shown = text.slice(0, 64)
  if (address.includes('/')) return shown
  try {
    return IpAddr.read(address)
  } catch (error) {
    if (error instanceof Trouble) return shown
    throw error
  }
}

/**
 * The context of one call. Throws `policy.argument_shape` where the arguments are not what the pinned definition says,
 * `policy.argument_range` for an integer beyond 64 bits, `policy.engine` for a time that Cedar cannot say.
 */
export function callContext(
  type: RecordType,
  subject: Subject,
  input: JsonObject,
  now: number,
): CallContext {
  moment(now)
  return new CallContext(subject, { input: readInput(type, input), now })
}

/** The context of every call that a subject could make: arguments, time, history and network unknown. */
export function openContext(subject: Subject): CallContext {
  return new CallContext(subject, undefined)
}

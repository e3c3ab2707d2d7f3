// Holds what the text of a gate says: who may agree, how many of them, and under which conditions. History: v1 a role; v2 this; v3 to whom a request may be passed on; v4 a check.

import { isName } from '../std/id.ts'

/** Who may agree at a gate. */
export type GateWho =
  | { readonly kind: 'role'; readonly name: string }
  | { readonly kind: 'team'; readonly name: string }
  /** Who answers for the agent: its owner, or a member of the team that owns it. */
  | { readonly kind: 'owner' }
  /** The person on whose behalf the agent acts. */
  | { readonly kind: 'user' }

/** A gate as it is read. */
export interface GateRule {
  /** Persons who have to agree, each of them different: 1 to 9. */
  readonly count: number
  /** Any of these. */
  readonly who: readonly GateWho[]
  /** Who does not count, whatever else they are. */
  readonly not: readonly ('user' | 'owner')[]
  /** True where nobody counts who has agreed to another gate of the same call. */
  readonly apart: boolean
  /** True where agreeing needs the person there: a passkey over this very call. */
  readonly present: boolean
  /** Name of the check that is asked in place of people: then nobody agrees here. */
  readonly check?: string
  /** Who may agree as well, once it has waited so long. */
  readonly later?: { readonly afterMs: number; readonly who: readonly GateWho[] }
}

/** A rule, or what is wrong with the text. */
export type GateReading = { readonly rule: GateRule } | { readonly wrong: string }

const MOST_TEXT = 200
const ROLE = /^[a-z0-9][a-z0-9._-]{0,63}$/
const COUNT = /^([1-9]) of (.+)$/
const LATER = /^after ([1-9]\d{0,3}) (minute|hour)s? (.+)$/
const MINUTE_MS = 60_000
/** What the text of a gate begins with that a check opens. */
const CHECK = 'check '
/** Words of the grammar: a role of such a name could not be told from it. */
const RESERVED: ReadonlySet<string> = new Set([
  'of',
  'or',
  'the',
  'team',
  'not',
  'apart',
  'present',
  'after',
])

/**
 * Reads the text of a gate: `finance`, `2 of finance or team treasury, not the user`, `the owner, present`,
 * `finance, apart, after 30 minutes cfo`. What is not quite that is refused: a typo must not open a gate to others.
 */
export function readGate(text: string): GateReading {
  if (text.length > MOST_TEXT) return { wrong: `a gate is at most ${MOST_TEXT} characters` }
  if (text.startsWith(CHECK)) return readCheck(text.slice(CHECK.length))
  const [first = '', ...options] = text.split(',').map((part) => part.trim())
  const [, count = '1', names = first] = COUNT.exec(first) ?? []
  const who = readWho(names)
  if (who === undefined) return { wrong: WHO }
  const rule = {
    count: Number(count),
    who,
    not: [] as ('user' | 'owner')[],
    apart: false,
    present: false,
  }
  let later: GateRule['later']
  const seen = new Set<string>()
  for (const option of options) {
    const [, amount = '', unit = '', others = ''] = LATER.exec(option) ?? []
    const name = amount === '' ? option : 'after'
    if (seen.has(name)) return { wrong: `\`${name}\` stands twice` }
    seen.add(name)
    if (option === 'not the user') rule.not.push('user')
    else if (option === 'not the owner') rule.not.push('owner')
    else if (option === 'apart') rule.apart = true
    else if (option === 'present') rule.present = true
    else {
      const second = amount === '' ? undefined : readWho(others)
      if (second === undefined) return { wrong: OPTION }
      later = { afterMs: Number(amount) * MINUTE_MS * (unit === 'hour' ? 60 : 1), who: second }
    }
  }
  const one = who.length === 1 ? who[0]?.kind : undefined
  if (one === 'user' && rule.count > 1) return { wrong: 'there is one user of a call' }
  if ((one === 'user' || one === 'owner') && rule.not.includes(one)) {
    return { wrong: 'it asks for nobody but whom it leaves out' }
  }
  return { rule: { ...rule, ...(later !== undefined && { later }) } }
}

function readCheck(name: string): GateReading {
  if (!isName(name)) return { wrong: CHECKS }
  return { rule: { count: 1, who: [], not: [], apart: false, present: false, check: name } }
}

/** The check that a gate names; undefined where it asks people. */
export function checkNamed(text: string): string | undefined {
  return gateRule(text).check
}

const CHECKS = 'a gate of a check is `check NAME`, and nothing besides: two gates are two policies'
const WHO =
  'a gate begins with who agrees: a role, `team NAME`, `the owner` or `the user`, more of them with `or`, and `2 of` in front for two'
const OPTION =
  'behind a comma a gate says `not the user`, `not the owner`, `apart`, `present`, or `after 30 minutes ROLE`'

function readWho(text: string): GateWho[] | undefined {
  const found: GateWho[] = []
  for (const part of text.split(' or ')) {
    if (part === 'the owner') found.push({ kind: 'owner' })
    else if (part === 'the user') found.push({ kind: 'user' })
    else if (part.startsWith('team ') && ROLE.test(part.slice(5))) {
      found.push({ kind: 'team', name: part.slice(5) })
    } else if (ROLE.test(part) && !RESERVED.has(part)) found.push({ kind: 'role', name: part })
    else return undefined
  }
  const texts = found.map(whoText)
  return new Set(texts).size === texts.length ? found : undefined
}

/** Whom a request may be passed on to by hand: whoever the gate names, now or later. */
export function passesTo(text: string): readonly string[] {
  const { who, later } = gateRule(text)
  return [...new Set([...who, ...(later?.who ?? [])].map(whoText))]
}

/** One whom the gate names, by the text that names them there; undefined for anybody else. */
export function whoNamed(text: string, name: string): GateWho | undefined {
  const { who, later } = gateRule(text)
  return [...who, ...(later?.who ?? [])].find((one) => whoText(one) === name)
}

function whoText(who: GateWho): string {
  if (who.kind === 'role') return who.name
  return who.kind === 'team' ? `team ${who.name}` : `the ${who.kind}`
}

/**
 * The rule of a gate that a policy set or a row holds; these were read when they were made, so what is none is a role that nobody
 * has: a gate that nobody can open.
 */
export function gateRule(text: string): GateRule {
  const read = readGate(text)
  if ('rule' in read) return read.rule
  return { count: 1, who: [{ kind: 'role', name: text }], not: [], apart: false, present: false }
}

/** Whom a gate asks, as short as it can be said: the name of a role stands for itself. */
export function gateName(text: string): string {
  return ROLE.test(text) ? text : gateWords(text)
}

/** What a gate asks for, in words for people: `2 people of the role finance or the team treasury`. */
export function gateWords(text: string): string {
  const { count, who, not, apart, present, later, check } = gateRule(text)
  if (check !== undefined) return `the check ${check}`
  const names = who.map(whoWords).join(' or ')
  const conditions = [
    ...not.map((one) => (one === 'user' ? 'not the person it acts for' : "not the agent's owner")),
    ...(apart ? ['nobody who agreed to another gate of the call'] : []),
    ...(present ? ['with a passkey'] : []),
    ...(later === undefined
      ? []
      : [
          `after ${later.afterMs / MINUTE_MS} minutes also ${later.who.map(whoWords).join(' or ')}`,
        ]),
  ]
  const people = count === 1 ? names : `${count} people: ${names}`
  return [people, ...conditions].join('; ')
}

function whoWords(who: GateWho): string {
  switch (who.kind) {
    case 'role':
      return `the role ${who.name}`
    case 'team':
      return `the team ${who.name}`
    case 'owner':
      return "the agent's owner"
    case 'user':
      return 'the person it acts for'
  }
}

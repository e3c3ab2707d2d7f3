// Holds the bringing about of changes of who governs: each is done once, however often it is begun, and only where what it changes is as it was.

import type { Announced, Governed } from '../../store/rows/governance.ts'
import { personKey } from '../registry/person-key.ts'
import type { GovernedParts } from './draft.ts'
import { fault } from './faults.ts'

/** Who it is recorded of, and why. */
interface Word {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** Every change but that of the rule, which governance keeps itself, and what is told of alone. */
export type Outward = Exclude<Governed, { kind: 'rule' | Announced }>

/** Brings a change about. One that has been is left as it is: after a crash it is begun again. Throws `governance.changed`, and what the change throws. */
export async function bringAbout(what: Outward, word: Word, parts: GovernedParts): Promise<void> {
  switch (what.kind) {
    case 'team-create':
    case 'team-change':
      return team(what, word, parts)
    case 'trust-add':
    case 'trust-remove':
      return trust(what, word, parts)
    default:
      return person(what, word, parts)
  }
}

async function person(
  what: Extract<Outward, { person: string }>,
  word: Word,
  { people }: GovernedParts,
): Promise<void> {
  const id = what.person
  const doc = people.known(id)
  switch (what.kind) {
    case 'person-create': {
      const { name, roles, publicKey } = what
      if (doc === undefined) await people.create({ id, name, roles, publicKey }, word.person)
      return
    }
    case 'person-roles':
      if (doc === undefined || same(doc.roles, what.roles)) return
      if (!same(doc.roles, what.before)) throw changed('the roles of the person')
      await people.change(id, { roles: what.roles }, word)
      return
    case 'person-leave':
      if (people.get(id) !== undefined) await people.leave(id, word)
      return
    case 'person-key': {
      const { kid } = personKey(what.publicKey, 0)
      if (people.byCredential(kid)?.id !== id) await people.addKey(id, what.publicKey, word.person)
      return
    }
    case 'person-key-remove': {
      const held = what.passkey
        ? (doc?.passkeys ?? []).some((one) => one.id === what.key)
        : (doc?.credentials ?? []).some(({ kid }) => kid === what.key)
      if (held) await people[what.passkey ? 'removePasskey' : 'removeKey'](id, what.key, word)
    }
  }
}

async function team(
  what: Extract<Outward, { team: string }>,
  word: Word,
  { teams }: GovernedParts,
): Promise<void> {
  const { team: name, members } = what
  const now = teams.get(name)?.members
  if (now !== undefined && same(now, members)) return
  if (what.kind === 'team-create') {
    if (now !== undefined) throw changed('the team')
    await teams.create({ name, members }, word)
    return
  }
  if (now === undefined || !same(now, what.before)) throw changed('the team')
  const add = members.filter((one) => !now.includes(one))
  const remove = now.filter((one) => !members.includes(one))
  await teams.change(name, { add, remove }, word)
}

async function trust(
  what: Extract<Outward, { kind: `trust-${string}` }>,
  word: Word,
  { trust: sources }: GovernedParts,
): Promise<void> {
  if (what.kind === 'trust-remove') {
    if (sources.get(what.name) !== undefined) await sources.remove(what.name, word)
    return
  }
  const now = sources.get(what.source.name)
  if (now === undefined) await sources.trust(what.source, word)
  else if (!isSource(now, what.source)) throw changed('the trust source')
}

/** The same source, whenever it was trusted. */
function isSource(
  { createdAt: _now, ...now }: { readonly createdAt: number },
  { createdAt: _wanted, ...wanted }: { readonly createdAt: number },
): boolean {
  const text = (one: object) =>
    JSON.stringify(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
  return text(now) === text(wanted)
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at])
}

function changed(what: string): Error {
  return fault('governance.changed', `${what} changed since this was proposed`)
}

// Holds the tests of governance: who governs changes by two administrators, or by one who is alone and waits.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { AuthorityHome, faultOf } from '../../../test/fakes/authority.ts'
import { base64url } from '../../std/bytes.ts'
import { Fault } from '../../std/fault.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Authority } from '../open.ts'
import type { Wish } from './draft.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
const ALONE = 10 * MINUTE

const word = (person: { readonly id: string }, reason = 'it was talked about') => ({
  person: person.id,
  reason,
})
const FULL = { status: 503, next: 'free some space' }
const SECOND = faultOf('governance.second')

function publicKey(): string {
  const { publicKey: key } = generateKeyPairSync('ed25519')
  return base64url(new Uint8Array(key.export({ format: 'der', type: 'spki' })))
}

/** Administrators of these names, the first of whom asks where nobody is named. */
async function scene(
  names: readonly string[],
  run: (at: Scene, people: readonly Person[]) => Promise<void>,
): Promise<void> {
  const home = new AuthorityHome()
  try {
    home.governance = { aloneMs: ALONE }
    const at = new Scene(home, await home.open())
    const people: Person[] = []
    for (const name of names) people.push(await at.person(name, ['administrator']))
    await run(at, people)
  } finally {
    await home.dispose()
  }
}

class Scene {
  readonly home: AuthorityHome
  authority: Authority

  constructor(home: AuthorityHome, authority: Authority) {
    this.home = home
    this.authority = authority
  }

  get governance() {
    return this.authority.governance
  }

  person(name: string, roles: readonly string[]): Promise<Person> {
    return this.authority.people.create({ name, roles, publicKey: publicKey() })
  }

  async reopen(): Promise<void> {
    this.authority = await this.home.reopen()
  }

  /** The state of what is asked for, or `plain`. */
  async ask(by: Person, wish: Wish): Promise<string> {
    return (await this.governance.ask(wish, word(by)))?.state ?? 'plain'
  }

  /** Asks for what has to wait; answers with its id. */
  async propose(by: Person, wish: Wish): Promise<string> {
    const change = await this.governance.ask(wish, word(by))
    assert.equal(change?.state, 'open')
    return change.id
  }

  async agree(id: string, by: Person): Promise<string> {
    return (await this.governance.agree(id, word(by))).state
  }

  rolesOf({ id }: Person): readonly string[] {
    return this.authority.people.get(id)?.roles ?? []
  }

  lock(by: Person, whom: Person) {
    const target = { kind: 'person', name: whom.id } as const
    return this.authority.locks.add({ target, ...word(by) })
  }
}

const roles = (person: { readonly id: string }, given: readonly string[]): Wish => ({
  kind: 'person-roles',
  person: person.id,
  roles: given,
})

test('a role is given when a second administrator agrees, over a restart, and each word is on record', () =>
  scene(['ada', 'bob'], async (at, [ada, bob]) => {
    const vera = await at.person('vera', ['viewer'])
    const id = await at.propose(ada!, roles(vera, ['finance', 'viewer']))
    assert.deepEqual(at.rolesOf(vera), ['viewer'])
    await assert.rejects(at.agree(id, ada!), SECOND)
    await at.reopen()
    assert.equal(await at.agree(id, bob!), 'applied')
    assert.deepEqual(at.rolesOf(vera), ['finance', 'viewer'])
    const told = at.home.audit.recorded
      .map(({ draft }) => [draft.type, draft.person])
      .filter(([type]) => /^(governance|person\.changed)/.test(type!))
    assert.deepEqual(told, [
      ['governance.proposed', ada!.id],
      ['governance.agreed', bob!.id],
      ['person.changed', ada!.id],
      ['governance.applied', bob!.id],
    ])
    assert.equal(at.home.audit.last('governance.applied').body['how'], 'two')
    await assert.rejects(at.agree(id, bob!), faultOf('governance.ended'))
  }))

test('of many second words at once, one counts', () =>
  scene(['ada', 'bob', 'cem', 'dora'], async (at, [ada, bob, cem, dora]) => {
    const vera = await at.person('vera', [])
    const id = await at.propose(ada!, roles(vera, ['finance']))
    const said = await Promise.allSettled([bob, cem, dora, bob].map((one) => at.agree(id, one!)))
    assert.deepEqual(said.map(({ status }) => status).sort(), [
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
    ])
    const changed = at.home.audit.recorded.filter(({ draft }) => draft.type === 'person.changed')
    assert.equal(changed.length, 1)
  }))

test('nobody makes themselves a second: who is new, locked, or whom it is about has no say', () =>
  scene(['ada', 'bob', 'cem'], async (at, [ada, bob, cem]) => {
    const id = await at.propose(ada!, roles(bob!, ['administrator', 'finance']))
    await assert.rejects(at.agree(id, bob!), faultOf('governance.concerned'))
    await assert.rejects(at.governance.refuse(id, word(bob!)), faultOf('governance.concerned'))
    // Somebody who administers since: the people are asked directly here, as a hand in the database would.
    const puppet = await at.person('puppet', ['administrator'])
    await assert.rejects(at.agree(id, puppet), SECOND)
    await at.lock(ada!, cem!)
    await assert.rejects(at.agree(id, cem!), SECOND)
    assert.deepEqual(at.rolesOf(bob!), ['administrator'])
  }))

test('who proposed it has to administer still when another agrees', () =>
  scene(['ada', 'bob', 'cem'], async (at, [ada, bob, cem]) => {
    const id = await at.propose(ada!, { kind: 'team-create', team: 'money', members: ['bob'] })
    await at.lock(cem!, ada!)
    await assert.rejects(at.agree(id, cem!), SECOND)
    assert.equal(at.authority.teams.get('money'), undefined)
    await assert.rejects(at.governance.refuse(id, word(bob!)), faultOf('governance.concerned'))
    assert.equal((await at.governance.refuse(id, word(cem!))).state, 'refused')
  }))

test('who is alone says it twice, with the delay in between, and the record says so', () =>
  scene(['ada'], async (at, [ada]) => {
    const { clock, audit } = at.home
    const id = await at.propose(ada!, {
      kind: 'person-create',
      name: 'eve',
      roles: ['administrator'],
      publicKey: publicKey(),
    })
    assert.equal(at.governance.get(id).from, clock.now() + ALONE)
    clock.advance(ALONE - 1)
    await assert.rejects(at.agree(id, ada!), faultOf('governance.wait'))
    clock.advance(1)
    assert.equal(await at.agree(id, ada!), 'applied')
    assert.equal(audit.last('governance.applied').body['how'], 'alone')
    const eve = at.authority.people.find('eve')
    const { what } = at.governance.get(id)
    assert.deepEqual(what.kind === 'person-create' && [what.person, what.name], [eve.id, ''])
    // Now there are two.
    await at.propose(ada!, roles(eve, ['administrator', 'finance']))
  }))

test('nobody makes themselves alone in a hurry: where the others are locked or gone, it takes a day', () =>
  scene(['ada', 'bob'], async (at, [ada, bob]) => {
    const { clock } = at.home
    const early = await at.propose(ada!, roles(ada!, ['administrator', 'finance']))
    assert.equal(at.governance.get(early).from, null)
    await at.lock(ada!, bob!)
    assert.equal(await at.agree(early, ada!), 'open')
    assert.equal(at.governance.get(early).from, clock.now() + DAY)
    const late = await at.propose(ada!, roles(bob!, ['viewer']))
    assert.equal(at.governance.get(late).from, clock.now() + DAY)
    clock.advance(DAY)
    assert.equal(await at.agree(late, ada!), 'applied')
    assert.deepEqual(at.rolesOf(bob!), ['viewer'])
  }))

test('who administers by a group of an identity provider is there while they are not signed in, and when it is distrusted', () =>
  scene(['ada'], async (at, [ada]) => {
    const { people, trust, sessions } = at.authority
    const source = { name: 'staff', kind: 'login', issuer: 'https://id.example', audience: 'us' }
    const groupRoles = { admins: ['administrator'] }
    await trust.add({ ...source, kind: 'login', groupRoles }, word(ada!))
    people.heed((name) => sessions.sources.get(name))
    const gus = await people.heard({
      source: 'staff',
      subject: 'https://id.example gus',
      name: 'gus',
      roles: ['administrator'],
    })
    at.home.clock.advance(2 * DAY)
    assert.deepEqual(at.rolesOf(gus), [], 'his login was a while ago')
    const id = await at.propose(ada!, roles(ada!, ['administrator', 'finance']))
    assert.equal(at.governance.get(id).from, at.home.clock.now() + DAY, 'no ten minutes')
    // Nor does distrusting the provider, or saying that he left, make her alone.
    assert.equal(await at.ask(ada!, { kind: 'trust-remove', name: 'staff' }), 'applied')
    await at.propose(ada!, { kind: 'person-leave', person: gus.id })
    const later = await at.propose(ada!, { kind: 'rule', changes: 'off', policies: 'off' })
    assert.equal(at.governance.get(later).from, at.home.clock.now() + DAY)
  }))

test('what only takes away is done at once and told to all; what changes nothing of who governs is plain', () =>
  scene(['ada', 'bob'], async (at, [ada, bob]) => {
    const finn = await at.person('finn', ['finance', 'operator'])
    const vera = await at.person('vera', ['viewer'])
    assert.equal(await at.ask(ada!, roles(finn, ['finance'])), 'applied')
    assert.equal(await at.ask(ada!, roles(vera, [])), 'plain')
    assert.equal(await at.ask(ada!, roles(vera, ['viewer'])), 'plain')
    assert.equal(await at.ask(ada!, { kind: 'person-leave', person: finn.id }), 'applied')
    assert.equal(await at.ask(ada!, { kind: 'person-leave', person: vera.id }), 'plain')
    const own: Wish = { kind: 'person-key', person: ada!.id, publicKey: publicKey() }
    assert.equal(await at.ask(ada!, own), 'plain')
    assert.equal(await at.ask(bob!, roles(bob!, ['finance'])), 'open')
    assert.equal(await at.ask(bob!, roles(bob!, ['viewer'])), 'applied', 'their own way out')
    assert.deepEqual(
      at.governance
        .list()
        .map(({ how, state }) => how ?? state)
        .sort(),
      ['narrows', 'narrows', 'narrows', 'open'],
    )
  }))

test('every door to a say is under four eyes: keys of others, teams, trust, an administrator who goes', () =>
  scene(['ada', 'bob', 'cem'], async (at, [ada, bob, cem]) => {
    const vera = await at.person('vera', ['viewer'])
    const kid = bob!.credentials[0]!.kid
    const source = { name: 'ci', kind: 'attest-oidc', issuer: 'https://ci.example', audience: 'us' }
    const doors: readonly Wish[] = [
      { kind: 'person-key', person: vera.id, publicKey: publicKey() },
      { kind: 'person-key', person: bob!.id, publicKey: publicKey() },
      { kind: 'person-key-remove', person: bob!.id, key: kid },
      { kind: 'person-leave', person: bob!.id },
      roles(bob!, []),
      { kind: 'person-create', name: 'eve', roles: ['approver'], publicKey: publicKey() },
      { kind: 'team-create', team: 'money', members: ['vera'] },
      { kind: 'trust-add', source: source as never },
      { kind: 'rule', changes: 'off', policies: 'off' },
    ]
    const ids: string[] = []
    for (const wish of doors) ids.push(await at.propose(ada!, wish))
    assert.equal(new Set(ids).size, ids.length)
    // Key before person, so that each finds what it was proposed on.
    for (const id of ids.slice(5)) assert.equal(await at.agree(id, cem!), 'applied')
    assert.ok(at.authority.trust.get('ci'))
    assert.deepEqual(at.authority.teams.find('money').members, [vera.id])
    assert.equal(at.governance.rule.now.changes, 'off')
    assert.equal(await at.ask(ada!, { kind: 'trust-remove', name: 'ci' }), 'applied')
    const grown: Wish = { kind: 'team-change', team: 'money', add: ['bob'], remove: [] }
    assert.equal(await at.ask(ada!, grown), 'applied', 'the rule is off')
    assert.ok(at.governance.list().some(({ how }) => how === 'rule-off'))
    assert.equal(await at.ask(ada!, { kind: 'rule', changes: 'on', policies: 'on' }), 'applied')
    await at.propose(ada!, { kind: 'rule', changes: 'on', policies: 'off' })
  }))

test('what changed since it was proposed is not changed by it', () =>
  scene(['ada', 'bob'], async (at, [ada, bob]) => {
    const finn = await at.person('finn', ['finance', 'viewer'])
    const id = await at.propose(ada!, roles(finn, ['auditor', 'finance', 'viewer']))
    assert.equal(await at.ask(ada!, roles(finn, ['viewer'])), 'applied')
    await assert.rejects(at.agree(id, bob!), faultOf('governance.changed'))
    assert.equal(at.governance.get(id).state, 'failed')
    assert.deepEqual(at.rolesOf(finn), ['viewer'])
  }))

test('what is asked for again is the same proposal; they are bounded, end by themselves, and are withdrawn', () =>
  scene(['ada', 'bob'], async (at, [ada, bob]) => {
    const { clock } = at.home
    const vera = await at.person('vera', [])
    const id = await at.propose(ada!, roles(vera, ['r0']))
    assert.equal(await at.propose(ada!, roles(vera, ['r0'])), id)
    for (let n = 1; n < 16; n++) await at.propose(ada!, roles(vera, [`r${n}`]))
    await assert.rejects(at.propose(ada!, roles(vera, ['r16'])), faultOf('governance.full'))
    assert.equal((await at.governance.refuse(id, word(ada!))).state, 'withdrawn')
    const last = await at.propose(bob!, roles(vera, ['r16']))
    clock.advance(7 * DAY)
    await assert.rejects(at.agree(last, ada!), faultOf('governance.ended', /expired/))
    await at.governance.sweep()
    assert.equal(at.home.audit.last('governance.expired').body['change'], last)
    assert.ok(at.governance.list().every(({ state }) => state !== 'open'))
    clock.advance(401 * DAY)
    await at.governance.sweep()
    assert.deepEqual(at.governance.list(), [])
    await at.reopen()
    assert.deepEqual(at.governance.list(), [])
  }))

test('a crash between agreeing and doing is made up for at the next start, once', () =>
  scene(['ada', 'bob'], async (at, [ada, bob]) => {
    const vera = await at.person('vera', [])
    const id = await at.propose(ada!, roles(vera, ['finance']))
    // The record of the change itself cannot be made: neither it, nor that it failed, is written.
    at.home.audit.before = ({ type }) => {
      if (type !== 'governance.agreed') throw new Fault('audit.unavailable', FULL, 'a full disk')
    }
    await assert.rejects(at.agree(id, bob!), faultOf('audit.unavailable'))
    assert.equal(at.governance.get(id).state, 'agreed')
    await assert.rejects(at.governance.refuse(id, word(bob!)), faultOf('governance.ended'))
    at.home.audit.recover()
    await at.reopen()
    assert.equal(at.governance.get(id).state, 'applied')
    assert.deepEqual(at.rolesOf(vera), ['finance'])
    await at.reopen()
    const applied = at.home.audit.recorded.filter(
      ({ draft }) => draft.type === 'governance.applied',
    )
    assert.equal(applied.length, 1)
  }))

test('changes are unseen by every other administrator until they say that they saw them, also over a restart', () =>
  scene(['ada', 'bob'], async (at, [ada, bob]) => {
    const { clock } = at.home
    const vera = await at.person('vera', [])
    const id = await at.propose(ada!, roles(vera, ['finance']))
    const unseen = () => [ada, bob, vera].map((one) => at.governance.unseen(one!.id))
    assert.deepEqual(unseen(), [0, 1, 0])
    await at.governance.seen.mark(bob!.id, clock.now())
    await at.governance.seen.mark(bob!.id, clock.now() + DAY)
    await at.reopen()
    assert.deepEqual(unseen(), [0, 0, 0])
    clock.advance(1)
    await at.agree(id, bob!)
    assert.deepEqual(unseen(), [1, 0, 0])
    const seen = at.home.audit.recorded.filter(({ draft }) => draft.type === 'governance.seen')
    assert.equal(seen.length, 1, 'nothing new is on record once')
  }))

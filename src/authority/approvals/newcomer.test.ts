// Holds the tests of the time between getting a say and having it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actorOf, AuthorityHome, faultOf, systemNamed } from '../../../test/fakes/authority.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Authority } from '../open.ts'

const HOUR = 3_600_000
const DELAY = 24 * HOUR
const NEW = faultOf('approval.newcomer')

interface Scene {
  readonly home: AuthorityHome
  authority: Authority
  readonly ada: Person
  /** Asks for a call at a gate and has somebody agree; answers with the state after. */
  readonly decide: (gate: string, by: Person, verb?: 'approve' | 'deny') => Promise<string>
}

async function scene(run: (at: Scene) => Promise<void>): Promise<void> {
  const home = new AuthorityHome()
  home.governance = { approverMs: DELAY }
  try {
    let authority = await home.open()
    const ada = await authority.people.create({ name: 'ada', roles: ['administrator', 'finance'] })
    const bot = { name: 'bot', owner: 'ada', purpose: 'a test', roles: [], unattended: false }
    await authority.agents.register(bot, { person: ada.id })
    await authority.systems.pin(systemNamed('files'), { person: ada.id, reason: 'a test' })
    let calls = 0
    const at: Scene = {
      home,
      ada,
      get authority() {
        return authority
      },
      set authority(again) {
        authority = again
      },
      decide: async (gate, by, verb = 'approve') => {
        calls += 1
        const { approval } = await authority.approvals.ask({
          callDigest: `sha256:${calls}`,
          call: `call-${calls}`,
          actor: actorOf('bot', 'per_owner'),
          system: 'files',
          action: 'move_file',
          input: {},
          effects: ['write'],
          gates: [{ name: gate, policy: 'a-policy' }],
          reason: 'a test',
          definition: 'sha256:move_file',
          policySet: 'sha256:policies',
          expiresAt: home.clock.now() + HOUR,
        })
        const word = { person: by.id, reason: 'a test' }
        return (await authority.approvals[verb](approval.id, word)).state
      },
    }
    await run(at)
  } finally {
    await home.dispose()
  }
}

test('who newly has a role decides by it once the delay has passed, over a restart', () =>
  scene(async (at) => {
    const { ada, home } = at
    const word = { person: ada.id, reason: 'a test' }
    const finn = await at.authority.people.create({ name: 'finn', roles: ['finance'] }, ada.id)
    assert.equal(await at.decide('finance', ada), 'approved', 'who was there from the beginning')
    await assert.rejects(at.decide('finance', finn), NEW)
    await assert.rejects(at.decide('finance', finn, 'deny'), NEW)
    const refused = home.audit.last('approval.refused')
    assert.deepEqual([refused.person, refused.body['code']], [finn.id, 'approval.newcomer'])
    home.clock.advance(DELAY - 1)
    at.authority = await home.reopen()
    await assert.rejects(at.decide('finance', finn), NEW)
    home.clock.advance(1)
    assert.equal(await at.decide('finance', finn), 'approved')
    // What else they are given leaves that as it is, and taking it away for a moment does not.
    const { people } = at.authority
    await people.change(finn.id, { roles: ['auditor', 'finance'] }, word)
    assert.equal(await at.decide('finance', finn), 'approved')
    await people.change(finn.id, { roles: [] }, word)
    await people.change(finn.id, { roles: ['finance'] }, word)
    await assert.rejects(at.decide('finance', finn), NEW)
    await assert.rejects(at.decide('security', finn), faultOf('approval.role'))
  }))

test('the same holds for teams, and one who is in two ways decides by the older one', () =>
  scene(async (at) => {
    const { ada, home } = at
    const word = { person: ada.id, reason: 'a test' }
    const { people, teams } = at.authority
    const tom = await people.create({ name: 'tom', roles: ['finance'] }, ada.id)
    home.clock.advance(DELAY)
    await teams.create({ name: 'money', members: ['tom'] }, word)
    await assert.rejects(at.decide('team money', tom), NEW)
    assert.equal(await at.decide('finance or team money', tom), 'approved')
    home.clock.advance(DELAY)
    assert.equal(await at.decide('team money', tom), 'approved')
    await teams.change('money', { add: ['ada'], remove: [] }, word)
    assert.equal(await at.decide('team money', tom), 'approved', 'who else comes changes nothing')
    await assert.rejects(at.decide('team money', ada), NEW)
  }))

test('a group of an identity provider counts from the first login that gave the role without a break', () =>
  scene(async (at) => {
    const { home } = at
    const { people } = at.authority
    people.heed(() => ({ createdAt: 0, groupRoles: { money: ['finance'], staff: ['viewer'] } }))
    const login = (roles: readonly string[]) =>
      people.heard({ source: 'staff', subject: 'https://idp gus', name: 'gus', roles })
    const gus = await login(['finance'])
    await assert.rejects(at.decide('finance', gus), NEW)
    home.clock.advance(DELAY)
    await login(['finance', 'viewer'])
    assert.equal(await at.decide('finance', gus), 'approved')
    await login(['viewer'])
    await assert.rejects(at.decide('finance', gus), faultOf('approval.role'))
    await login(['finance'])
    await assert.rejects(at.decide('finance', gus), NEW)
  }))

test('a clock that is set back makes nobody settled', () =>
  scene(async (at) => {
    const finn = await at.authority.people.create({ name: 'finn', roles: ['finance'] }, at.ada.id)
    at.home.clock.advance(-DELAY)
    await assert.rejects(at.decide('finance', finn), NEW)
  }))

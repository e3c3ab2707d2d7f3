// Holds the tests of who may lift which gate: roles, teams, owners and users, how many, and who does not count.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  actorOf,
  faultOf,
  systemNamed,
  withAuthority,
  type AuthorityHome,
} from '../../../test/fakes/authority.ts'
import type { Authority } from '../open.ts'
import type { ApprovalAsk } from './ask.ts'

const MINUTE = 60_000
const NOT_ASKED = (error: unknown): boolean =>
  faultOf('approval.role')(error) || faultOf('approval.separated')(error)

/** Olga owns bot, which acts for una. Fay, finn and flo hold finance; tess and finn are the team treasury; cfo holds cfo. */
async function setting(home: AuthorityHome, authority: Authority) {
  const { people, teams } = authority
  const admin = await people.create({ name: 'admin', roles: ['administrator'] })
  const made = async (name: string, roles: readonly string[] = []) =>
    (await people.create({ name, roles })).id
  const olga = await made('olga')
  const una = await made('una', ['finance'])
  const fay = await made('fay', ['finance'])
  const finn = await made('finn', ['finance', 'security'])
  const flo = await made('flo', ['finance'])
  const tess = await made('tess')
  const cfo = await made('cfo', ['cfo'])
  const by = { person: admin.id, reason: 'a test' }
  await teams.create({ name: 'treasury', members: ['tess', 'finn'] }, by)
  const bot = { name: 'bot', owner: 'olga', purpose: 'a test', roles: [], unattended: false }
  await authority.agents.register(bot, { person: admin.id })
  await authority.systems.pin(systemNamed('files'), by)
  let asked = 0
  /** Holds a call at these gates, each a policy named by its place. */
  const hold = async (...gates: string[]): Promise<string> => {
    asked += 1
    const ask: ApprovalAsk = {
      callDigest: `sha256:${asked}`,
      call: `call-${asked}`,
      actor: actorOf('bot', olga, una),
      system: 'files',
      action: 'move_file',
      input: { source: '/a', destination: '/b' },
      effects: ['write'],
      gates: gates.map((name, i) => ({ name, policy: `p${i + 1}` })),
      reason: 'moves are reviewed',
      definition: 'sha256:move_file',
      policySet: 'sha256:policies',
      expiresAt: home.clock.now() + 600 * MINUTE,
    }
    return (await authority.approvals.ask(ask)).approval.id
  }
  const agree = async (id: string, person: string, gate?: string): Promise<string> => {
    const word = { person, reason: 'it is right', ...(gate !== undefined && { gate }) }
    return (await authority.approvals.approve(id, word)).state
  }
  return { olga, una, fay, finn, flo, tess, cfo, hold, agree }
}

test('INV-6 a gate asks by role, by team, by relation; whoever it does not ask is refused', () =>
  withAuthority(async (home, authority) => {
    const { olga, una, fay, tess, cfo, hold, agree } = await setting(home, authority)
    const everybody = { olga, una, fay, tess, cfo }
    const asked: Record<string, readonly string[]> = {
      finance: ['una', 'fay'],
      'team treasury': ['tess'],
      'the owner': ['olga'],
      'the user': ['una'],
      'cfo or the owner': ['olga', 'cfo'],
      'finance, not the user': ['fay'],
      'the owner or finance, not the owner': ['una', 'fay'],
    }
    for (const [gate, names] of Object.entries(asked)) {
      for (const [name, person] of Object.entries(everybody)) {
        const id = await hold(gate)
        if (names.includes(name)) {
          assert.equal(await agree(id, person), 'approved', `${gate}: ${name}`)
          continue
        }
        await assert.rejects(agree(id, person), NOT_ASKED, `${gate}: ${name}`)
        await assert.rejects(
          authority.approvals.deny(id, { person, reason: 'no' }),
          NOT_ASKED,
          `${gate}: ${name} denies`,
        )
        assert.equal((await authority.approvals.get(id)).state, 'pending')
      }
    }
  }))

test('INV-6 k of n are k different people, whatever else they are, and their words outlive a restart', () =>
  withAuthority(async (home, authority) => {
    const { una, fay, finn, flo, hold, agree } = await setting(home, authority)
    const id = await hold('3 of finance or team treasury, not the user')
    assert.equal(await agree(id, finn), 'pending')
    await assert.rejects(agree(id, finn), faultOf('approval.agreed'))
    await assert.rejects(agree(id, una), faultOf('approval.separated'))
    assert.equal(await agree(id, fay), 'pending')
    const again = await home.reopen()
    const [waiting] = again.approvals.list()
    assert.equal(waiting?.agreements.length, 2)
    const done = await again.approvals.approve(id, { person: flo, reason: 'it is right' })
    assert.equal(done.state, 'approved')
    assert.deepEqual(
      done.agreements.map(({ person }) => person),
      [finn, fay, flo],
    )
  }))

test('INV-6 at the same moment, each of two words counts once', () =>
  withAuthority(async (home, authority) => {
    const { fay, finn, hold, agree } = await setting(home, authority)
    const id = await hold('2 of finance')
    const answers = await Promise.allSettled([agree(id, fay), agree(id, fay), agree(id, finn)])
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal((await authority.approvals.get(id)).agreements.length, 2)
    await authority.approvals.consume(id, 'sha256:1')
    await assert.rejects(agree(id, finn), faultOf('approval.closed'))
  }))

test('INV-6 where a gate stands apart, nobody agrees at two, in whichever order', () =>
  withAuthority(async (home, authority) => {
    const { finn, fay, hold, agree } = await setting(home, authority)
    for (const first of ['p1', 'p2']) {
      const second = first === 'p1' ? 'p2' : 'p1'
      const id = await hold('finance', 'security or cfo, apart')
      assert.equal(await agree(id, finn, first), 'pending')
      await assert.rejects(agree(id, finn, second), faultOf('approval.separated'))
      await assert.rejects(agree(id, finn), faultOf('approval.separated'))
    }
    const id = await hold('finance', 'security, apart')
    await agree(id, fay)
    assert.equal(await agree(id, finn, 'p2'), 'approved')
  }))

test('a gate asks others as well once it has waited, and not before', () =>
  withAuthority(async (home, authority) => {
    const { cfo, hold, agree } = await setting(home, authority)
    const id = await hold('finance, after 30 minutes cfo')
    const approval = await authority.approvals.get(id)
    assert.ok(authority.approvals.concerns(approval, cfo), 'they may look before')
    home.clock.advance(30 * MINUTE - 1)
    assert.deepEqual(authority.approvals.gatesOf(approval, cfo, home.clock.now()), [])
    await assert.rejects(agree(id, cfo), faultOf('approval.role'))
    home.clock.advance(1)
    assert.deepEqual(authority.approvals.gatesOf(approval, cfo, home.clock.now()), ['p1'])
    assert.equal(await agree(id, cfo), 'approved')
  }))

test('INV-6 a gate that asks for presence takes no word without it', () =>
  withAuthority(async (home, authority) => {
    const { fay, hold, agree } = await setting(home, authority)
    const id = await hold('finance, present')
    await assert.rejects(agree(id, fay), faultOf('approval.presence'))
    assert.equal(home.audit.last('approval.refused').body['code'], 'approval.presence')
    const denied = await authority.approvals.deny(id, { person: fay, reason: 'no' })
    assert.equal(denied.state, 'denied', 'nobody needs a key to say no')
  }))

test('a text that is no gate, in a row, opens to nobody', () =>
  withAuthority(async (home, authority) => {
    const { fay, hold, agree } = await setting(home, authority)
    for (const text of ['finance or', '0 of finance', 'finance, gone']) {
      await assert.rejects(agree(await hold(text), fay), faultOf('approval.role'))
    }
  }))

test('INV-6 passed on, a request asks whom the gate names and nobody else; who passed it on may still refuse', () =>
  withAuthority(async (home, authority) => {
    const { approvals } = authority
    const { agree, cfo, fay, finn, hold, tess } = await setting(home, authority)
    const id = await hold('finance, not the user, after 30 minutes cfo')
    const pass = (person: string, to: string) =>
      approvals.escalate(id, { person, to, reason: 'too large for me' })
    await assert.rejects(pass(tess, 'cfo'), faultOf('approval.role'))
    await assert.rejects(pass(cfo, 'cfo'), faultOf('approval.role'), 'not before they are asked')
    for (const to of ['security', 'administrator', 'fay', 'team treasury', '']) {
      await assert.rejects(pass(fay, to), faultOf('approval.escalation', /finance, cfo/))
    }
    home.clock.advance(MINUTE)
    const before = (await approvals.get(id)).expiresAt
    const passed = await pass(fay, 'cfo')
    assert.equal(passed.expiresAt - before, MINUTE, 'as much time as in the beginning')
    const { body, person } = home.audit.last('approval.escalated')
    assert.deepEqual([person, body['to'], body['gate']], [fay, 'cfo', 'p1'])
    for (const other of [fay, finn]) await assert.rejects(agree(id, other), NOT_ASKED)
    const other = await hold('finance or cfo')
    await authority.approvals.escalate(other, { person: fay, to: 'cfo', reason: 'see there' })
    const { state } = await authority.approvals.deny(other, {
      person: fay,
      reason: 'no, after all',
    })
    assert.equal(state, 'denied')
    const often = await hold('finance or cfo')
    const back = (person: string, to: string) =>
      authority.approvals.escalate(often, { person, to, reason: 'yours' })
    for (let i = 0; i < 2; i++) {
      await back(fay, 'cfo')
      await back(cfo, 'finance')
    }
    await assert.rejects(back(fay, 'cfo'), faultOf('approval.escalated'))
    const again = (await home.reopen()).approvals
    await assert.rejects(again.approve(id, { person: finn, reason: 'me' }), NOT_ASKED)
    const word = { person: cfo, reason: 'right' }
    assert.equal((await again.approve(id, word)).state, 'approved', 'and after a restart')
  }))

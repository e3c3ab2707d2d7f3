// Holds the tests of effects: declared, learned from traces, kept over restarts, dismissed, and let go of.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AuthorityHome,
  faultOf,
  systemNamed,
  withAuthority,
} from '../../../test/fakes/authority.ts'
import type { Authority } from '../open.ts'

const WORD = { person: 'per_ada', reason: 'a test' }
const READ = { id: 'call-1', system: 'crm', action: 'read_file' }
const DAY = 86_400_000

async function two(authority: Authority): Promise<void> {
  await authority.systems.pin(systemNamed('crm'), WORD)
  await authority.systems.pin(systemNamed('billing'), WORD)
}

/** A call of `crm/read_file` goes out, and one of `billing/move_file` comes back in its trace. */
function seen({ effects }: Authority): void {
  effects.arrived(effects.sent(READ), 'billing', 'move_file')
}

test('what comes back in the trace of a call counts at once, is recorded, and survives a restart', async () => {
  await withAuthority(async (home, authority) => {
    await two(authority)
    seen(authority)
    const expected = { triggers: ['billing/move_file'], triggered: ['write', 'destructive'] }
    assert.deepEqual(authority.effects.of('crm', 'read_file'), expected)
    seen(authority)
    await authority.effects.settled()
    const types = home.audit.recorded.map(({ draft }) => draft.type)
    assert.equal(types.filter((type) => type === 'trigger.learned').length, 1)
    assert.equal(authority.effects.learned()[0]?.count, 2)
    const again = await home.reopen()
    assert.deepEqual(again.effects.of('crm', 'read_file'), expected)
  })
})

test('a person dismisses what was learned, once, and it is not learned again', async () => {
  await withAuthority(async (home, authority) => {
    await two(authority)
    seen(authority)
    const edge = { from: 'crm/read_file', to: 'billing/move_file' }
    await authority.effects.dismiss(edge, WORD)
    assert.deepEqual(authority.effects.of('crm', 'read_file').triggers, [])
    seen(authority)
    assert.deepEqual(authority.effects.of('crm', 'read_file').triggers, [])
    await assert.rejects(authority.effects.dismiss(edge, WORD), faultOf('trigger.unknown'))
    const again = await home.reopen()
    assert.deepEqual(again.effects.of('crm', 'read_file').triggers, [])
    assert.equal(again.effects.learned()[0]?.dismissed?.by, 'per_ada')
  })
})

test('what is seen again counts for longer, and what is not is let go of', async () => {
  const home = new AuthorityHome()
  try {
    const authority = await home.open()
    await two(authority)
    seen(authority)
    const first = authority.effects.learned()[0]!.expiresAt
    home.clock.advance(2 * DAY)
    seen(authority)
    await authority.effects.sweep()
    assert.equal(authority.effects.learned()[0]!.expiresAt, first + 2 * DAY)
    home.clock.advance(91 * DAY)
    await authority.effects.sweep()
    assert.deepEqual(authority.effects.learned(), [])
    assert.deepEqual(authority.effects.of('crm', 'read_file').triggers, [])
    assert.deepEqual(await home.store.triggers.all(), [])
  } finally {
    await home.dispose()
  }
})

test('a trace counts within its window only, and a call sets off no call of its own action', async () => {
  await withAuthority(async (home, { effects, systems }) => {
    await systems.pin(systemNamed('crm'), WORD)
    const trace = effects.sent(READ)
    effects.arrived(trace, 'crm', 'read_file')
    home.clock.advance(600_001)
    effects.arrived(trace, 'crm', 'move_file')
    assert.deepEqual(effects.learned(), [])
  })
})

test('a log that cannot be written keeps nothing from counting', async () => {
  await withAuthority(async (home, authority) => {
    await two(authority)
    home.audit.before = () => {
      throw new Error('disk on fire')
    }
    seen(authority)
    await authority.effects.settled()
    assert.deepEqual(authority.effects.of('crm', 'read_file').triggers, ['billing/move_file'])
    assert.deepEqual(
      home.troubles.map(({ code }) => code),
      ['trigger.unwritten'],
    )
    home.audit.before = () => undefined
    await authority.effects.sweep()
    assert.equal((await home.store.triggers.all()).length, 1, 'the next sweep writes it')
  })
})

test('INV-11 in a trace that its caller named, only what our span alone makes known was set off by the call', async () => {
  await withAuthority(async (_home, authority) => {
    await two(authority)
    const { effects } = authority
    const named = {
      trace: '4bf92f3577b34da6a3ce929d0e0e4736',
      span: '00f067aa0ba902b7',
      sampled: true,
    }
    const sent = effects.sent(READ, named)
    assert.deepEqual([sent.trace, sent.sampled], [named.trace, true])
    assert.notEqual(sent.span, named.span)
    // The agent goes on in its own trace: that is no word of the system's.
    assert.equal(effects.arrived(named, 'billing', 'move_file'), undefined)
    assert.deepEqual(effects.of('crm', 'read_file').triggers, [])
    // The system calls back: in our span, or in one of its own beside our `tracestate`.
    assert.equal(effects.arrived(sent, 'billing', 'move_file'), READ.id)
    const within = { ...named, span: 'b'.repeat(16), own: sent.span }
    assert.equal(effects.arrived(within, 'billing', 'move_file'), READ.id)
    assert.deepEqual(effects.of('crm', 'read_file').triggers, ['billing/move_file'])
  })
})

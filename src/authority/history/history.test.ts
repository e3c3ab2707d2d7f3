// Holds the tests of history kept and restored: what is read again is what was counted, with a snapshot, without, or with a forged one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { actorOf, AuthorityHome, faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Measured } from '../../wire/reserve.ts'
import type { Authority } from '../open.ts'
import type { Task } from '../../store/rows/task.ts'

const MINUTE = 60_000
const DAY = 86_400_000

const MEASURED: Measured = {
  writes: true,
  money: 5,
  bytes: 100,
  recipients: ['hmac-sha256:aaaaaaaaaaaaaaaaaaaaaaaaa'],
  more: 0,
  labels: [],
  arguments: 'hmac-sha256:args',
  unmeasured: false,
}

async function world(home: AuthorityHome, authority: Authority) {
  home.audit.now = () => home.clock.now()
  authority.history.breakers.set({ denials: 0, errors: 0, identical: 0 })
  const ada = await authority.people.create({ name: 'ada', roles: ['administrator'] })
  for (const name of ['bot', 'other']) {
    await authority.agents.register(
      { name, owner: 'ada', purpose: 'a test', roles: [], unattended: false },
      { person: ada.id },
    )
  }
  const task = await authority.tasks.open(
    { intent: 'a test', agent: 'bot', scope: [{ action: '*' }], budget: { calls: 1_000 } },
    { person: ada.id },
  )
  return { ada: ada.id, task, word: { person: ada.id, reason: 'a test' } }
}

function who(agent: string, person: string, task?: Task): Actor {
  const facts = task && { ...task, scopeDigest: 'sha256:scope' }
  return { ...actorOf(agent, person, person), ...(facts && { task: facts }) }
}

/** Reserves, and records the intent as the spine does, in the same turn. */
async function call(
  home: AuthorityHome,
  authority: Authority,
  of: { readonly actor: Actor; readonly action?: string; readonly measured?: Partial<Measured> },
): Promise<boolean> {
  const { actor, action = 'send' } = of
  const measured = { ...MEASURED, ...of.measured }
  const taken = authority.history.reserve({ actor, system: 'mail', action, measured })
  if ('spent' in taken) return false
  const { writes, money, bytes, recipients, more, labels } = measured
  await home.audit.append({
    type: 'call.intent',
    phase: 'intent',
    agent: actor.agent,
    person: actor.delegation?.person ?? '',
    system: 'mail',
    action,
    body: {
      ...(actor.task !== undefined && { task: actor.task.id }),
      ...(actor.chain.length > 0 && { lineage: actor.chain.map((one) => one.agent) }),
      reserved: {
        ...(writes && { writes: 1 }),
        ...(money !== undefined && { money }),
        bytes,
        recipients: [...recipients],
        more,
        labels: [...labels],
      },
    },
  })
  taken.end()
  return true
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant('call' as const),
    agent: fc.constantFrom('bot', 'other'),
    task: fc.boolean(),
    money: fc.nat(1_000),
    to: fc.nat(30),
    label: fc.constantFrom('', 'secret', 'pii'),
    by: fc.nat(10 * MINUTE),
  }),
  fc.record({ kind: fc.constant('denied' as const), by: fc.nat(MINUTE) }),
  fc.record({ kind: fc.constant('keep' as const), by: fc.nat(MINUTE) }),
  fc.record({ kind: fc.constant('clear' as const), by: fc.nat(MINUTE) }),
)

test('what is restored is what was counted, wherever snapshots were made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, forged) =>
      withAuthority(async (home, authority) => {
        const { ada, task, word } = await world(home, authority)
        const { id } = await authority.limits.add(
          { on: { action: 'mail/*' }, each: 'agent', what: 'money', most: 1_000_000, per: 'hour' },
          word,
        )
        for (const one of steps) {
          home.clock.advance(one.by)
          if (one.kind === 'keep') await authority.history.keep()
          else if (one.kind === 'clear') await authority.history.clear('bot', word)
          else if (one.kind === 'denied') {
            authority.history.denied(who('bot', ada), 'mail', 'send')
            await home.audit.append({
              type: 'call.denied',
              phase: 'decision',
              agent: 'bot',
              person: ada,
              system: 'mail',
              action: 'send',
              body: {},
            })
          } else {
            await call(home, authority, {
              actor: who(one.agent, ada, one.task ? task : undefined),
              measured: {
                money: one.money,
                recipients: [`hmac-sha256:recipient-number-${String(one.to).padStart(9, '0')}`],
                labels: one.label === '' ? [] : [one.label],
              },
            })
          }
        }
        const told = (of: Authority) => ({
          bot: of.history.facts(who('bot', ada), 'mail', 'send'),
          other: of.history.facts(who('other', ada), 'mail', 'send'),
          task: { ...of.history.usedBy(task.id) },
          limit: of.limits.use(id).filter(({ taken }) => taken > 0),
        })
        const before = told(authority)
        if (forged) await home.editByHand("delete from tallies where id like 'lineage bot%'")
        const again = await home.reopen()
        await again.history.restore(home.audit)
        assert.deepEqual(sorted(told(again)), sorted(before))
      }),
    ),
    { numRuns: 25 },
  )
})

/** Counts of a limit come in the order in which they began. */
function sorted<T extends { readonly limit: readonly { readonly of: string }[] }>(told: T): T {
  return { ...told, limit: [...told.limit].sort((a, b) => (a.of < b.of ? -1 : 1)) }
}

test('a start reads the snapshot and the tail; a row that was changed, deleted or put back makes it read the log', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await world(home, authority)
    const actor = who('bot', ada)
    for (let at = 0; at < 20; at++) await call(home, authority, { actor })
    await authority.history.keep()
    await call(home, authority, { actor })
    const facts = authority.history.facts(actor, 'mail', 'send')
    assert.equal(facts.calls.day, 21)

    const second = await home.reopen()
    assert.deepEqual(await second.history.restore(home.audit), { records: 1, snapshot: 'used' })
    assert.deepEqual(second.history.facts(actor, 'mail', 'send'), facts)

    for (const forgery of [
      "update tallies set doc = replace(doc, ',21,', ',1,') where id like 'lineage%'",
      "delete from tallies where id like 'lineage%'",
      "delete from tallies where id = 'position'",
      'delete from tallies',
    ]) {
      await second.history.keep()
      await home.editByHand(forgery)
      const forged = await home.reopen()
      const { snapshot } = await forged.history.restore(home.audit)
      assert.notEqual(snapshot, 'used', forgery)
      assert.deepEqual(forged.history.facts(actor, 'mail', 'send'), facts, forgery)
      // What was read from the log is written anew, in place of what was forged.
      await forged.history.keep()
      const healed = await home.reopen()
      assert.equal((await healed.history.restore(home.audit)).snapshot, 'used')
      assert.deepEqual(healed.history.facts(actor, 'mail', 'send'), facts)
    }
  }))

test('a snapshot that could not be written is written by the next, and counts nothing twice', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await world(home, authority)
    const actor = who('bot', ada)
    await call(home, authority, { actor })
    home.audit.fail()
    await assert.rejects(authority.history.keep(), faultOf('audit.unavailable'))
    home.audit.recover()
    await authority.history.keep()
    const again = await home.reopen()
    assert.deepEqual(await again.history.restore(home.audit), { records: 0, snapshot: 'used' })
    assert.equal(again.history.facts(actor, 'mail', 'send').calls.day, 1)
  }))

test('rows in which nothing is left are taken away, and the sum still adds up', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await world(home, authority)
    await call(home, authority, { actor: who('other', ada) })
    await authority.history.keep()
    home.clock.advance(2 * DAY)
    await call(home, authority, { actor: who('bot', ada) })
    await authority.history.keep()
    const rows = await home.store.tallies.all()
    assert.deepEqual(
      rows.map(({ doc }) => doc.id),
      [`lineage bot ${ada}`, 'position'],
    )
    const again = await home.reopen()
    assert.equal((await again.history.restore(home.audit)).snapshot, 'used')
  }))

test('a label is carried for thirty days after it was taken up last, or until a person clears it', () =>
  withAuthority(async (home, authority) => {
    const { ada, word } = await world(home, authority)
    const actor = who('bot', ada)
    const labels = (): readonly string[] => authority.history.facts(actor, 'mail', 'send').labels
    await call(home, authority, { actor, measured: { labels: ['secret', 'pii'] } })
    assert.deepEqual(labels(), ['pii', 'secret'])
    assert.deepEqual(await authority.history.clear('bot', { ...word, label: 'pii' }), ['pii'])
    assert.deepEqual(labels(), ['secret'])
    home.clock.advance(29 * DAY)
    await call(home, authority, { actor, measured: { labels: ['secret'] } })
    home.clock.advance(30 * DAY - 1)
    assert.deepEqual(labels(), ['secret'])
    home.clock.advance(1)
    assert.deepEqual(labels(), [])
    await assert.rejects(authority.history.clear('nobody', word), faultOf('agent.unknown'))
    await assert.rejects(
      authority.history.clear('bot', { ...word, reason: ' ' }),
      faultOf('reason.required'),
    )
  }))

test('clearing does not take away what is taken up while it is recorded', () =>
  withAuthority(async (home, authority) => {
    const { ada, word } = await world(home, authority)
    const actor = who('bot', ada)
    await call(home, authority, { actor, measured: { labels: ['secret'] } })
    home.audit.before = async (draft) => {
      if (draft.type !== 'history.cleared') return
      home.audit.before = () => undefined
      await call(home, authority, { actor, measured: { labels: ['secret'] } })
    }
    await authority.history.clear('bot', word)
    assert.deepEqual(authority.history.facts(actor, 'mail', 'send').labels, ['secret'])
  }))

test('facts are a copy: later calls do not change what was decided on', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await world(home, authority)
    const actor = who('bot', ada)
    const before = authority.history.facts(actor, 'mail', 'send')
    await call(home, authority, { actor })
    assert.deepEqual(before.actions, [])
    assert.equal(before.calls.day, 0)
    const { actions, money, recipients } = authority.history.facts(actor, 'mail', 'send')
    assert.deepEqual(actions, ['mail/send'])
    assert.deepEqual([money.minute, recipients.day], [5, 1])
  }))

test('the sweep writes a snapshot every half minute in which something changed, or after many calls', () =>
  withAuthority(async (home, authority) => {
    const { ada } = await world(home, authority)
    const actor = who('bot', ada)
    const kept = (): number => home.audit.types().filter((type) => type === 'history.kept').length
    await call(home, authority, { actor })
    await authority.history.sweep()
    assert.equal(kept(), 0)
    home.clock.advance(30_000)
    await authority.history.sweep()
    assert.equal(kept(), 1)
    home.clock.advance(MINUTE)
    await authority.history.sweep()
    assert.equal(kept(), 1, 'nothing changed')
    for (let at = 0; at < 5_000; at++) authority.history.denied(actor, 'mail', 'send')
    await authority.history.sweep()
    assert.equal(kept(), 2)
    // Nothing is left of it after a day: it is not in memory any more, once what changed is written.
    home.clock.advance(2 * DAY)
    await authority.history.sweep()
    home.clock.advance(MINUTE)
    await authority.history.sweep()
    assert.deepEqual(authority.history.of('bot'), [])
  }))

test('a label that was cleared does not come back with a row from before, however idle the agent is', () =>
  withAuthority(async (home, authority) => {
    const { ada, word } = await world(home, authority)
    const actor = who('bot', ada)
    await call(home, authority, { actor, measured: { labels: ['secret'] } })
    await authority.history.keep()
    home.clock.advance(2 * DAY)
    await authority.history.clear('bot', word)
    await authority.history.sweep()
    await authority.history.sweep()
    const again = await home.reopen()
    await again.history.restore(home.audit)
    assert.deepEqual(again.history.facts(actor, 'mail', 'send').labels, [])
  }))

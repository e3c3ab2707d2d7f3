// Holds the tests of what people are told of credentials, and of their use.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withAuthority } from '../../../test/fakes/authority.ts'

const by = { person: 'per_1' }
const DAY = 86_400_000

test('a value that is due, ends, or stood in clear is found once, and answered by a new one', () =>
  withAuthority(async (home, { secrets, concerns, findings }) => {
    const terms = { ...by, rotateEveryMs: 90 * DAY, expiresAt: home.clock.now() + 95 * DAY }
    await secrets.put('files', 'TOKEN', 'one', { ...terms, exposed: 'it stood in a file' })
    await concerns.look()
    await concerns.look()
    const rules = () =>
      findings
        .list()
        .map(({ rule }) => rule)
        .sort()
    assert.deepEqual(rules(), ['credential-exposed'])
    home.clock.advance(91 * DAY)
    await concerns.look()
    assert.deepEqual(rules(), ['credential-due', 'credential-ending', 'credential-exposed'])
    // Pinned once more with the same value: nothing was rotated.
    await secrets.put('files', 'TOKEN', 'one', by)
    await concerns.changed(secrets.get('files', 'TOKEN')!, 'stored', 'per_1')
    assert.equal(findings.list().length, 3)
    assert.equal(secrets.get('files', 'TOKEN')?.exposed?.reason, 'it stood in a file')
    await secrets.put('files', 'TOKEN', 'two', by)
    await concerns.changed(secrets.get('files', 'TOKEN')!, 'stored', 'per_1')
    assert.deepEqual(findings.list(), [])
    await concerns.look()
    assert.deepEqual(findings.list(), [])
    assert.ok(!JSON.stringify(home.audit.recorded).includes('"one"'))
  }))

test('what a person closed does not come back, not even after a restart', () =>
  withAuthority(async (home, { secrets, concerns, findings, usage }) => {
    await secrets.put('files', 'TOKEN', 'one', { ...by, exposed: 'it stood in a file' })
    await concerns.look()
    await findings.close(findings.list()[0]!.id, { ...by, reason: 'known' })
    await usage.sweep()
    const again = await home.reopen()
    await again.concerns.look()
    assert.deepEqual(again.findings.list(), [])
  }))

test('one value for two systems is found by its commitment, and neither says what it is', () =>
  withAuthority(async (home, { secrets, concerns, findings }) => {
    await secrets.put('files', 'TOKEN', 'the very same', by)
    await secrets.put('mail', 'KEY', 'the very same', by)
    await secrets.put('chat', 'KEY', 'another', by)
    await concerns.look()
    assert.deepEqual(
      findings
        .list()
        .map(({ rule, facts }) => `${rule} ${facts['system']} ${facts['other']}`)
        .toSorted(),
      ['credential-shared-systems files mail/KEY', 'credential-shared-systems mail files/TOKEN'],
    )
    assert.ok(!JSON.stringify(home.audit.recorded).includes('very same'))
    // Without the key of this home nobody can try words against it.
    const commitment = secrets.get('files', 'TOKEN')?.commitment
    assert.equal(commitment, secrets.get('mail', 'KEY')?.commitment)
    assert.notEqual(commitment, secrets.get('chat', 'KEY')?.commitment)
  }))

test('two agents with one value are found, and use is written at most every hour', () =>
  withAuthority(async (home, { secrets, concerns, findings, usage }) => {
    await secrets.put('files', 'TOKEN', 'one', by)
    const records = () => home.audit.types().filter((type) => type === 'secret.used').length
    for (let at = 0; at < 1_000; at++) usage.note('files', 'TOKEN', 'first-bot')
    await usage.sweep()
    assert.equal(records(), 1)
    home.clock.advance(60_000)
    usage.note('files', 'TOKEN', 'first-bot')
    await usage.sweep()
    assert.equal(records(), 1)
    await concerns.look()
    assert.deepEqual(findings.list(), [])
    usage.note('files', 'TOKEN', 'second-bot')
    await usage.sweep()
    assert.equal(records(), 2)
    await concerns.look()
    assert.deepEqual(
      findings.list().map(({ rule, facts }) => [rule, facts['agents']]),
      [['credential-shared-agents', 'first-bot second-bot']],
    )
    const used = home.clock.now()
    await usage.sweep({ all: true })
    const again = await home.reopen()
    assert.deepEqual(
      again.usage.get('files', 'TOKEN')?.usedBy.map(({ agent }) => agent),
      ['first-bot', 'second-bot'],
    )
    assert.equal(again.usage.get('files', 'TOKEN')?.lastUsedAt, used)
  }))

test('agents beyond a bound are counted and not named', () =>
  withAuthority(async (_, { usage }) => {
    for (let at = 0; at < 200; at++) usage.note('files', 'TOKEN', `bot-${at}`)
    const use = usage.get('files', 'TOKEN')
    assert.deepEqual([use?.usedBy.length, use?.more], [64, 136])
    await usage.sweep()
  }))

// Holds attacks on what is kept of people: looking for it in every file of a home before and after erasing, guessing, reading, hiding.

import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Client } from '@modelcontextprotocol/client'
import { LogFollower } from '../../src/audit/log-follow.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { openKeyRing } from '../../src/keys/file.ts'
import { canonicalJson, type JsonObject } from '../../src/std/json.ts'
import { ErasureAnswer, PayloadsAnswer } from '../../src/wire/api/erasure.ts'
import { PeopleAnswer } from '../../src/wire/api/person.ts'
import { Bailiwick, testServer } from '../e2e/bailiwick.ts'
import { connect } from '../e2e/client.ts'
import { until } from '../e2e/until.ts'

const POLICIES = `
@id("workers-echo") @without("task") @keep("arguments, result") @keep_days("7")
permit (principal in Role::"worker", action == Action::"probe/echo", resource);
@id("echo-is-looked-at") @gate("approver") @reason("somebody looks at what is said")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "hold*" };
`

/** What nobody outside may find: sent and answered, waiting for people, typed as a reason. */
const SAID = 'marker-said-4711'
const HELD = 'hold marker-held-4712'
const WHY = 'marker-why-4713'
const MARKERS = [SAID, 'marker-held-4712', WHY]
/** Low in entropy, as amounts and names are. */
const GUESSABLE = 'yes'

/** Every file of a home, with what a marker could hide behind that needs no key: base64 at each of its three offsets. */
function placesOf(home: string, marker: string): string[] {
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + marker).toString('base64')
    return text.slice(shift === 0 ? 0 : 4, -4).replace(/[+/=]+$/, '')
  })
  const needles = [marker, Buffer.from(marker).toString('hex'), ...encoded]
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.endsWith('/journal'))
    .filter((path) => {
      const text = textOf(path)
      return needles.some((needle) => text.includes(needle))
    })
}

/** What a file holds; nothing where it went away between the listing and the look: a draft that has its name by now. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

function entriesOf(home: string): JsonObject[] {
  const follower = new LogFollower(home)
  const found: JsonObject[] = []
  try {
    for (let at = 0; at < follower.size(); at += 500) {
      for (const { entry } of follower.entries(at, 500)) {
        found.push(JSON.parse(Buffer.from(entry).toString('utf8')) as JsonObject)
      }
    }
  } finally {
    follower.close()
  }
  return found
}

describe('what is kept of a person', () => {
  let bailiwick: Bailiwick
  let client: Client
  let operator: string
  let call = ''

  const echo = (text: string) => client.callTool({ name: 'echo', arguments: { text } })

  /** Runs a command as another person, whose key is in a file. */
  async function as(key: string, args: readonly string[]) {
    const path = join(bailiwick.home, 'operator.json')
    const mine = readFileSync(path)
    writeFileSync(path, readFileSync(key), { mode: 0o600 })
    try {
      return await bailiwick.cli(['-y', '--output', 'json', ...args])
    } finally {
      writeFileSync(path, mine, { mode: 0o600 })
    }
  }

  async function add(name: string, role: string): Promise<string> {
    const key = join(bailiwick.home, `${name}.json`)
    const args = ['person', 'add', name, '--role', role, '--out', key]
    const { code, stderr } = await bailiwick.cli(args)
    assert.equal(code, 0, stderr)
    return key
  }

  before(async () => {
    bailiwick = await Bailiwick.start({ BAILIWICK_HOLD_MS: '500' })
    const journal = join(bailiwick.home, 'journal')
    writeFileSync(journal, '')
    await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
    await bailiwick.apply(POLICIES)
    await bailiwick.agent('worker', ['worker'])
    client = await connect(bailiwick, await bailiwick.enrol('worker'), 'probe', {
      era: '2025-11-25',
    })
    const { people } = await bailiwick.control.get('/v1/people', PeopleAnswer)
    operator = people[0]!.id
    await echo(SAID)
    await echo(GUESSABLE)
    await echo(HELD).catch(() => undefined)
    await bailiwick.held()
    await bailiwick.agent('idle', ['worker'])
    const lock = await bailiwick.lock('agent', 'idle', WHY)
    await bailiwick.unlock(lock.id)
    const [outcome] = await until('outcomes', async () => {
      const found = await bailiwick.records('call.outcome')
      return found.length >= 2 ? found : undefined
    })
    call = outcome!.record.call ?? ''
    assert.deepEqual(
      { ...(outcome!.record.body['kept'] as JsonObject) },
      { arguments: true, result: true },
    )
  })
  after(() => bailiwick[Symbol.asyncDispose]())

  test('INV-7 no leaf holds what was said, held or typed, and people stand in it by opaque ids alone', async () => {
    await bailiwick.verify()
    const text = entriesOf(bailiwick.home).map((entry) => JSON.stringify(entry))
    for (const marker of MARKERS) assert.ok(!text.some((one) => one.includes(marker)), marker)
    const shown = (await bailiwick.records('lock.added')).at(-1)!
    assert.equal(shown.record.body['reason'], WHY, 'who may read the record is told')
    assert.match(shown.confided!['reason']!.commitment, /^sha256:[A-Za-z0-9_-]{43}$/)
  })

  test('INV-7 at rest, what calls sent and got back is in no file but under its key', () => {
    for (const marker of [SAID, 'marker-held-4712']) {
      assert.deepEqual(placesOf(bailiwick.home, marker), [])
    }
  })

  test('INV-7 low arguments are not found by trying them against the leaves', () => {
    const text = canonicalJson({ text: GUESSABLE })
    const guesses = new Set(
      ['', bailiwick.home, 'test', operator].flatMap((key) => [
        createHash('sha256').update(key).update(text).digest('base64url'),
        createHmac('sha256', key).update(text).digest('base64url'),
      ]),
    )
    const commitments = entriesOf(bailiwick.home)
      .map(({ body }) => (body as JsonObject)['arguments'])
      .filter((one) => typeof one === 'string')
    assert.ok(commitments.length >= 2)
    for (const one of commitments) assert.ok(!guesses.has(one.replace('hmac-sha256:', '')))
  })

  test('INV-9 payloads are for investigators alone, each look with its reason on record before it', async () => {
    const path = `/v1/audit/calls/${call}/payloads`
    const ask = { reason: 'a complaint' }
    await assert.rejects(bailiwick.control.send('POST', path, ask, PayloadsAnswer), {
      code: 'api.role',
    })
    const auditor = await as(await add('otto', 'auditor'), [
      'audit',
      'payload',
      call,
      '--reason',
      'x',
    ])
    assert.match(auditor.stderr, /api\.role/)
    const key = await add('ines', 'investigator')
    const bare = await as(key, ['audit', 'payload', call])
    assert.notEqual(bare.code, 0, 'without a reason nothing is shown')
    const seen = await as(key, ['audit', 'payload', call, '--reason', 'a complaint'])
    const { payloads } = JSON.parse(seen.stdout) as PayloadsAnswer
    const sent = payloads.find(({ kind }) => kind === 'arguments')
    assert.equal(sent?.text, canonicalJson({ text: SAID }))
    const [intent] = (await bailiwick.records('call.intent')).filter(
      ({ record }) => record.call === call,
    )
    assert.equal(sent?.commitment, intent!.record.body['arguments'], 'it is what was committed to')
    const read = (await bailiwick.records('payload.read')).at(-1)!
    assert.equal((read.record.body['shown'] as JsonObject)['arguments'], sent?.commitment)
    assert.equal(read.record.body['reason'], 'a complaint')
  })

  test('INV-1 an erasure is administrators’, never of oneself, and not of who is held', async () => {
    const word = { person: operator, basis: 'gdpr-17', reason: 'to hide it' }
    await assert.rejects(bailiwick.control.send('POST', '/v1/erasures', word, ErasureAnswer), {
      code: 'erasure.own',
    })
    const args = ['audit', 'erase', '--person', operator, '--basis', 'gdpr-17', '--reason', 'hide']
    const otto = await as(join(bailiwick.home, 'otto.json'), args)
    assert.match(otto.stderr, /api\.role/)
    const grace = await add('grace', 'administrator')
    const hold = ['audit', 'hold', '--person', operator, '--reason', 'a case before court']
    assert.equal((await as(grace, hold)).code, 0)
    assert.match((await as(grace, args)).stderr, /erasure\.held/)
    const release = ['audit', 'release', '--person', operator, '--reason', 'settled']
    assert.equal((await as(grace, release)).code, 0)
  })

  test('INV-7 after erasing, amid calls, no file has any of it, sealed under a key that is there or not', async () => {
    const keys = openKeyRing(join(bailiwick.home, 'keys'), { entropy: systemEntropy })
    const wrapped = async (): Promise<string> => {
      const store = await bailiwick.rows.look(keys.authority)
      const held = await store.subjects.get(operator)
      await store.close()
      return held!.doc.key
    }
    const old = await wrapped()
    const under = Array.from({ length: 10 }, (_, at) => echo(`${SAID} ${at}`))
    const grace = join(bailiwick.home, 'grace.json')
    const args = ['audit', 'erase', '--person', operator, '--basis', 'gdpr-17', '--reason', 'asked']
    const look = await as(grace, [...args, '--dry-run'])
    assert.equal((JSON.parse(look.stdout) as ErasureAnswer).erasure, null)
    const done = await as(grace, args)
    assert.equal(done.code, 0, done.stderr)
    await Promise.allSettled(under)
    const { counts } = JSON.parse(done.stdout) as ErasureAnswer
    assert.ok(counts['payloads']! >= 4, JSON.stringify(counts))
    assert.equal(counts['held_calls'], 1)
    assert.notEqual(await wrapped(), old)
    for (const part of old.split('.').slice(2)) assert.deepEqual(placesOf(bailiwick.home, part), [])
    for (const marker of MARKERS) assert.deepEqual(placesOf(bailiwick.home, marker), [], marker)
    assert.deepEqual(await bailiwick.pending(), [], 'nobody is asked about what nobody can see')
  })

  test('INV-1 erasing hides no action: who did what when still stands, and every proof verifies', async () => {
    const report = await bailiwick.verify()
    assert.deepEqual([report.ok, report.findings], [true, []])
    const lock = (await bailiwick.records('lock.added')).at(-1)!
    assert.equal(lock.record.person, operator)
    assert.deepEqual([lock.record.body['reason'], lock.confided!['reason']!.erased], [null, true])
    const intent = (await bailiwick.records('call.intent')).find(
      ({ record }) => record.call === call,
    )
    assert.equal(intent!.record.person, operator)
    const [erased] = await bailiwick.records('erasure.done')
    assert.deepEqual(
      [erased!.record.body['subject'], erased!.record.body['basis']],
      [operator, 'gdpr-17'],
    )
    const ines = join(bailiwick.home, 'ines.json')
    const seen = await as(ines, ['audit', 'payload', call, '--reason', 'again'])
    assert.match(seen.stderr, /side\.not_kept/)
  })

  test('INV-13 killed between the beginning and the end of an erasure, the next start completes it', async () => {
    await echo(`${SAID} once more`)
    const grace = join(bailiwick.home, 'grace.json')
    const args = ['audit', 'erase', '--person', operator, '--basis', 'gdpr-17', '--reason', 'asked']
    const erasing = as(grace, args)
    await until('its beginning', async () => {
      const begun = await bailiwick.records('erasure.begun').catch(() => [])
      return begun.length === 2 ? begun : undefined
    })
    await bailiwick.stop('SIGKILL')
    await erasing
    await bailiwick.serve()
    assert.equal((await bailiwick.records('erasure.done')).length, 2)
    assert.deepEqual(placesOf(bailiwick.home, SAID), [])
    const report = await bailiwick.verify()
    assert.deepEqual([report.ok, report.findings], [true, []])
  })
})

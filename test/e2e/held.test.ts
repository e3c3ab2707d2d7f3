// Holds held calls end to end: what each kind of client is told, how people answer, and what a restart leaves of a wait.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Client } from '@modelcontextprotocol/client'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Approval } from '../../src/wire/api/approval.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect, refused, textOf, type ClientKind, type Refusal } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("workers-echo") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);
@id("echo-is-looked-at") @gate("operator") @reason("somebody looks at what is said")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "hold*" };
`

/** One request of a held call waits for this long (ms). */
const HOLD_MS = '2000'

const KINDS: readonly (readonly [name: string, kind: ClientKind])[] = [
  ['2026-07-28 that opens addresses', { era: '2026-07-28', opensUrls: true }],
  ['2026-07-28 that opens none', { era: '2026-07-28' }],
  ['2025-11-25 that opens addresses', { era: '2025-11-25', opensUrls: true }],
  ['2025-11-25 that opens none', { era: '2025-11-25' }],
]

async function open(environment: Readonly<Record<string, string>>): Promise<Bailiwick> {
  const bailiwick = await Bailiwick.start(environment)
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journalOf(bailiwick)))
  writeFileSync(journalOf(bailiwick), '')
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  return bailiwick
}

function journalOf(bailiwick: Bailiwick): string {
  return join(bailiwick.home, 'journal')
}

/** How often the upstream was asked to say something. */
function said(bailiwick: Bailiwick, text: string): number {
  const lines = readFileSync(journalOf(bailiwick), 'utf8').split('\n')
  return lines.filter((line) => line === `echo ${text}`).length
}

function echo(client: Client, text: string): ReturnType<Client['callTool']> {
  return client.callTool({ name: 'echo', arguments: { text } })
}

/** Answers as a person does: with the real command. */
async function answer(
  bailiwick: Bailiwick,
  verb: 'approve' | 'deny',
  id: string,
  reason: string,
): Promise<void> {
  const { code, stderr } = await bailiwick.cli(['approval', verb, id, '--reason', reason])
  assert.equal(code, 0, stderr)
}

/** Calls until the answer is something else than that it still waits, as the words of the refusal say. */
async function askAgain(client: Client, text: string): Promise<string | Refusal> {
  for (;;) {
    const result = await echo(client, text).then(textOf, async (error: unknown) =>
      refused(Promise.reject(error as Error)),
    )
    if (typeof result === 'string' || result.code !== 'approval.pending') return result
  }
}

describe('a held call', () => {
  let bailiwick: Bailiwick
  let holder: Holder
  before(async () => {
    bailiwick = await open({ BAILIWICK_HOLD_MS: HOLD_MS })
    holder = await bailiwick.enrol('worker')
  })
  after(() => bailiwick[Symbol.asyncDispose]())

  test('tells a client of 2026-07-28 the address to open, and runs in the same call once approved', async () => {
    const told: string[] = []
    const client = await connect(bailiwick, holder, 'probe', {
      era: '2026-07-28',
      opensUrls: true,
      onUrl: (url) => {
        told.push(url)
        return 'accept'
      },
    })
    const call = echo(client, 'hold for the one that opens')
    const held = await bailiwick.held()
    await until('the address', () => told.length > 0)
    assert.equal(told[0], held.url)
    assert.equal(
      held.url,
      `http://bailiwick.localhost:${bailiwick.controlPort}/approvals/${held.id}`,
    )
    assert.equal(said(bailiwick, 'hold for the one that opens'), 0)
    await answer(bailiwick, 'approve', held.id, 'looks right')
    assert.equal(textOf(await call), 'hold for the one that opens')
    assert.equal(said(bailiwick, 'hold for the one that opens'), 1)
    assert.deepEqual([...new Set(told)], [held.url], 'one approval, however often it was told')
  })

  for (const [name, rpc, kind] of [
    ['2026-07-28 that opens none', -32011, { era: '2026-07-28' }],
    ['2025-11-25 that opens none', -32011, { era: '2025-11-25' }],
    ['2025-11-25 that opens addresses', -32042, { era: '2025-11-25', opensUrls: true }],
  ] as const) {
    test(`tells a client of ${name} to ask again with ${rpc}; what joins is run once`, async () => {
      const text = `hold for ${name}`
      const client = await connect(bailiwick, holder, 'probe', kind)
      const first = await refused(echo(client, text))
      const held = await bailiwick.held()
      assert.equal(first.rpc, rpc)
      if (rpc === -32011) {
        assert.deepEqual(
          [first.code, first.data['url'], first.data['approval']],
          ['approval.pending', held.url, held.id],
        )
      }
      assert.ok(first.message.includes(held.url), first.message)
      if (rpc === -32042) {
        const [elicitation] = first.data['elicitations'] as Record<string, unknown>[]
        assert.deepEqual([elicitation?.['mode'], elicitation?.['url']], ['url', held.url])
      }
      const second = await refused(echo(client, text))
      assert.equal(second.rpc, rpc)
      assert.equal((await bailiwick.pending()).length, 1, 'joined, not asked twice')
      const waiting = askAgain(client, text)
      await answer(bailiwick, 'approve', held.id, 'looks right')
      assert.equal(await waiting, text)
      assert.equal(said(bailiwick, text), 1)
      const [intent] = (await bailiwick.records('call.intent')).slice(-1)
      assert.equal(intent?.record.body['approval'], held.id)
      assert.deepEqual(intent.record.body['set_aside'], ['echo-is-looked-at'])
    })
  }

  test('INV-6 an approval is used up: the same call afterwards asks again, another call never joins', async () => {
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    await refused(echo(client, 'hold once'))
    const first = await bailiwick.held()
    await answer(bailiwick, 'approve', first.id, 'once')
    assert.equal((await refused(echo(client, 'hold once more'))).code, 'approval.pending')
    const other = await bailiwick.held()
    assert.notEqual(other.id, first.id)
    assert.equal(textOf(await echo(client, 'hold once')), 'hold once')
    assert.equal((await refused(echo(client, 'hold once'))).code, 'approval.pending')
    assert.equal(said(bailiwick, 'hold once'), 1)
    for (const { id } of await bailiwick.pending()) await answer(bailiwick, 'deny', id, 'the end')
  })

  test('INV-6 an approval serves one instance: another of the same agent asks for itself', async () => {
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    const twin = await bailiwick.enrol('worker')
    const other = await connect(bailiwick, twin, 'probe', { era: '2025-11-25' })
    await refused(echo(client, 'hold for the first'))
    const held = await bailiwick.held()
    await answer(bailiwick, 'approve', held.id, 'for that instance')
    assert.equal((await refused(echo(other, 'hold for the first'))).code, 'approval.pending')
    assert.equal(said(bailiwick, 'hold for the first'), 0)
    assert.equal(textOf(await echo(client, 'hold for the first')), 'hold for the first')
    for (const { id } of await bailiwick.pending()) await answer(bailiwick, 'deny', id, 'the end')
  })

  test('denied tells the agent the reason, and nothing runs', async () => {
    for (const [name, kind] of KINDS) {
      const text = `hold and deny ${name}`
      const client = await connect(bailiwick, holder, 'probe', kind)
      const call = askAgain(client, text)
      // A 2025 client that opens addresses is told without our code, and does not ask again by itself.
      const told = kind.era === '2025-11-25' && kind.opensUrls === true ? await call : undefined
      const held = await bailiwick.held()
      await answer(bailiwick, 'deny', held.id, 'this text is not for telling')
      if (told !== undefined) {
        // Denied and over: the same call is a new question.
        assert.equal(typeof told === 'string' ? 0 : told.rpc, -32042)
        continue
      }
      const refusal = await call
      assert.ok(typeof refusal !== 'string', name)
      assert.deepEqual([refusal.rpc, refusal.code], [-32010, 'approval.denied'])
      assert.match(refusal.message, /this text is not for telling/)
      assert.equal(said(bailiwick, text), 0)
    }
    assert.equal((await bailiwick.pending()).length, 0)
  })

  test('declined by the user at the agent voids the approval', async () => {
    const client = await connect(bailiwick, holder, 'probe', {
      era: '2026-07-28',
      opensUrls: true,
      onUrl: () => 'decline',
    })
    const refusal = await refused(echo(client, 'hold and decline'))
    assert.equal(refusal.code, 'call.cancelled')
    assert.deepEqual(await bailiwick.pending(), [])
    assert.equal(said(bailiwick, 'hold and decline'), 0)
  })

  test('INV-6 is not answered by somebody without the role, nor by nobody', async () => {
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    await refused(echo(client, 'hold for the right one'))
    const held = await bailiwick.held()
    const other = join(bailiwick.home, 'of-eve')
    mkdirSync(other, { mode: 0o700 })
    const file = join(bailiwick.home, 'eve.json')
    const added = await bailiwick.cli(['person', 'add', 'eve', '--role', 'reader', '--out', file])
    assert.equal(added.code, 0, added.stderr)
    renameSync(file, join(other, 'operator.json'))
    for (const verb of ['approve', 'deny']) {
      const words = ['--home', other, '-o', 'json', 'approval', verb, held.id, '--reason', 'mine']
      const refusal = await bailiwick.cli(words)
      assert.equal(refusal.code, 3, refusal.stdout)
      const { error } = JSON.parse(refusal.stderr) as { error: { code: string } }
      assert.match(error.code, /^approval\./)
    }
    assert.deepEqual(
      (await bailiwick.pending()).map(({ id }) => id),
      [held.id],
    )
    await answer(bailiwick, 'approve', held.id, 'I may')
    assert.equal(textOf(await echo(client, 'hold for the right one')), 'hold for the right one')
  })

  test('the page at its address shows the call, is inert, and changes nothing', async () => {
    const text = `hold <script>alert(1)</script> "><img src=x onerror=y> \u202eevil`
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    await refused(echo(client, text))
    const held = await bailiwick.held()
    const page = await browse(bailiwick, 'GET', new URL(held.url).pathname)
    assert.equal(page.status, 200)
    assert.match(String(page.headers['content-type']), /^text\/html/)
    const policy = String(page.headers['content-security-policy'])
    for (const part of ["default-src 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
      assert.ok(policy.includes(part), policy)
    }
    assert.ok(!policy.includes('script-src') && !policy.includes('unsafe'))
    assert.doesNotMatch(page.text, /<(?:script|form|img|button|input|iframe)\b/i)
    assert.ok(page.text.includes('&lt;script&gt;'), 'the argument is there, as text')
    assert.ok(!page.text.includes('\u202e'), 'nothing turns the line around')
    assert.ok(page.text.includes(`bailiwick approval approve ${held.id}`))
    assert.ok(page.text.includes('worker') && page.text.includes('somebody looks at what is said'))
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'] as const) {
      const changed = await browse(bailiwick, method, new URL(held.url).pathname)
      assert.ok(changed.status >= 400 && changed.status < 500, `${method}: ${changed.status}`)
    }
    const verb = await browse(bailiwick, 'POST', `/v1/approvals/${held.id}/approve`)
    assert.equal(verb.status, 401)
    const shown = await bailiwick.control.get(`/v1/approvals/${held.id}`, Approval)
    assert.deepEqual([shown.state, shown.input?.['text']], ['pending', text])
    await answer(bailiwick, 'deny', held.id, 'the page was looked at')
    const after = await browse(bailiwick, 'GET', new URL(held.url).pathname)
    assert.ok(!after.text.includes('approval approve'), 'nothing is left to answer')
    const none = await browse(bailiwick, 'GET', '/approvals/00000000-0000-7000-8000-000000000000')
    assert.equal(none.status, 404)
  })

  test('what was held, asked, answered and run is one log that verifies', async () => {
    const report = await bailiwick.verify()
    assert.equal(report.ok, true, JSON.stringify(report.findings))
  })
})

test('a held call that nobody answers expires, and can be asked again', async () => {
  await using bailiwick = await open({ BAILIWICK_APPROVAL_MS: '1000' })
  const holder = await bailiwick.enrol('worker')
  const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
  const first = await refused(echo(client, 'hold too long'))
  assert.deepEqual([first.rpc, first.code], [-32010, 'approval.expired'])
  assert.equal((await refused(echo(client, 'hold too long'))).code, 'approval.expired')
  assert.equal(said(bailiwick, 'hold too long'), 0)
  const expired = await bailiwick.records('approval.expired')
  assert.equal(expired.length, 2)
})

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`a wait survives the end of the server by ${signal}: the same call joins it and runs once`, async () => {
    await using bailiwick = await open({})
    const holder = await bailiwick.enrol('worker')
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    const text = 'hold over the end'
    // However it ends for the client: its connection breaks, or it is told to ask again.
    const first = echo(client, text).then(
      () => 'ran',
      () => 'ended',
    )
    const held = await bailiwick.held()
    const { signal: by, code } = await bailiwick.stop(signal)
    assert.deepEqual([code, by], signal === 'SIGTERM' ? [0, null] : [null, 'SIGKILL'])
    assert.equal(await first, 'ended')
    await bailiwick.serve()
    const [again] = await bailiwick.pending()
    assert.equal(again?.id, held.id)
    assert.equal(again.expires_at, held.expires_at, 'its time goes on as it was')
    const joined = echo(client, text)
    await until('it waits', async () => (await bailiwick.status()).calls_in_flight === 1)
    await answer(bailiwick, 'approve', held.id, 'after all')
    assert.equal(textOf(await joined), text)
    assert.equal(said(bailiwick, text), 1)
    assert.equal((await bailiwick.records('approval.requested')).length, 1)
    const report = await bailiwick.verify()
    assert.equal(report.ok, true, JSON.stringify(report.findings))
    assert.equal(report.boots.length, 2)
  })
}

/** What a browser would send to the control listener. */
async function browse(
  bailiwick: Bailiwick,
  method: string,
  path: string,
): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> {
  const { controlPort: port } = bailiwick
  const headers = { host: `bailiwick.localhost:${port}` }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = httpRequest({ host: '127.0.0.1', port, method, path, headers }, resolve)
    asked.on('error', reject)
    asked.end()
  })
  let text = ''
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString('utf8')
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

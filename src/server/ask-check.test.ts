// Holds the tests of asking a check over real HTTP: what is signed, and everything that is no answer (INV-2).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { actorOf, faultOf, withAuthority } from '../../test/fakes/authority.ts'
import { webhookSignature } from '../audit/export/webhook-sink.ts'
import type { CheckAsk } from '../gateway/ports.ts'
import { systemEntropy } from '../std/entropy.ts'
import { answerSignature } from '../wire/check.ts'
import { CheckAsker } from './ask-check.ts'

type Answering = (request: IncomingMessage, body: string, response: ServerResponse) => void

async function served(t: TestContext, answering: { now: Answering }): Promise<string> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => answering.now(request, body, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`
}

function asked(signal = new AbortController().signal): CheckAsk {
  return {
    check: 'guard',
    call: 'call-1',
    digest: 'hmac-sha256:this-call',
    actor: actorOf('payer', 'per_olga', 'per_una'),
    system: 'billing',
    action: 'create_refund',
    definition: 'sha256:definition',
    effects: ['spend'],
    input: { amount_cents: 7 },
    signal,
  }
}

/** Answers as a check does that knows the key. */
function say(
  key: Uint8Array,
  body: string,
  more: { nonce?: string; digest?: string } = {},
): Answering {
  return (_, text, response) => {
    const { nonce, digest } = {
      ...(JSON.parse(text) as Record<'nonce' | 'digest', string>),
      ...more,
    }
    const signature = answerSignature(key, { nonce, digest, body })
    response.writeHead(200, { 'bailiwick-signature': signature }).end(body)
  }
}

test('INV-2 a check is asked with a signature, and counts by its own over this very call alone', (t) =>
  withAuthority(async (home, authority) => {
    const { checks, people } = authority
    const { id: person } = await people.create({ name: 'admin', roles: ['administrator'] })
    const word = { person, reason: 'refunds are looked at' }
    const answering = { now: (() => undefined) as Answering }
    const url = await served(t, answering)
    const { secret } = await checks.add({ name: 'guard', url, timeoutMs: 1_000 }, word)
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    assert.doesNotMatch(JSON.stringify(home.audit.recorded), /whsec|:\d+\/check/)
    assert.ok(!(await (await home.rows).text()).includes(secret.slice(6)), 'sealed at rest')
    const asker = new CheckAsker({ checks, clock: home.clock, entropy: systemEntropy })
    t.after(() => asker.close())
    const allow = '{"verdict":"allow","reason":"small"}'

    const seen: [IncomingMessage, string][] = []
    answering.now = (request, body, response) => {
      seen.push([request, body])
      say(key, allow)(request, body, response)
    }
    assert.deepEqual(await asker.ask(asked()), { verdict: 'allow', reason: 'small' })
    const [{ headers }, body] = seen[0]!
    const [messageId, time] = [headers['webhook-id'], headers['webhook-timestamp']].map(String)
    assert.equal(headers['webhook-signature'], webhookSignature(key, messageId!, time!, body))
    const question = JSON.parse(body) as Record<string, unknown>
    assert.deepEqual(
      [question['nonce'], question['digest'], question['input'], question['agent']],
      [messageId, 'hmac-sha256:this-call', { amount_cents: 7 }, 'payer'],
    )
    answering.now = say(key, '{"verdict":"deny","reason":"over budget"}')
    assert.deepEqual(await asker.ask(asked()), { verdict: 'deny', reason: 'over budget' })

    const stolen = new Uint8Array(32)
    const bad: Record<string, Answering> = {
      'signed with another key': say(stolen, allow),
      'for another call': say(key, allow, { digest: 'hmac-sha256:other' }),
      'an answer of before': say(key, allow, { nonce: String(question['nonce']) }),
      'not signed': (_, __, response) => response.end(allow),
      'another status': (request, text, response) => {
        response.statusCode = 202
        say(key, allow)(request, text, {
          writeHead: (_: number, h: object) => response.writeHead(202, h as never),
        } as never)
      },
      'a redirect': (_, __, response) => response.writeHead(307, { location: url }).end(),
      'no verdict': say(key, '{"reason":"allow"}'),
      'another verdict': say(key, '{"verdict":"ALLOW","reason":""}'),
      'twice a verdict': say(key, '{"verdict":"deny","verdict":"allow","reason":""}'),
      'no reason': say(key, '{"verdict":"allow"}'),
      'no JSON': say(key, 'allow'),
      'too much': say(key, `{"verdict":"allow","reason":"${'x'.repeat(20_000)}"}`),
      'a closed connection': (request) => void request.socket.destroy(),
    }
    for (const [what, now] of Object.entries(bad)) {
      answering.now = now
      assert.equal((await asker.ask(asked())).verdict, 'none', what)
    }
    // It never answers: the call that is cancelled does not wait for it.
    answering.now = () => undefined
    const control = new AbortController()
    const waiting = asker.ask(asked(control.signal))
    control.abort()
    assert.equal((await waiting).verdict, 'none')

    for (const address of [
      'http://checks.example/x',
      'https://u:p@checks.example/',
      'https://169.254.169.254/',
      'ftp://checks.example/',
      'nonsense',
    ]) {
      const wish = { name: 'other', url: address, timeoutMs: 1_000 }
      await assert.rejects(checks.add(wish, word), faultOf('check.url'), address)
    }
    await assert.rejects(
      checks.add({ name: 'guard', url, timeoutMs: 1_000 }, word),
      faultOf('check.exists'),
    )
    const again = (await home.reopen()).checks
    assert.equal(Buffer.compare(again.open('guard')!.key, key), 0)
    await again.remove('guard', word)
    assert.equal(again.open('guard'), undefined)
    assert.deepEqual((await home.reopen()).checks.list(), [])
  }))

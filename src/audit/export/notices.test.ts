// Holds the tests of telling people where they are: what is told, escaped for its medium, over real HTTP and real SMTP.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SmtpServer } from '../../../test/fakes/smtp.ts'
import { systemClock } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { AuditRecord } from '../../wire/record.ts'
import { NOTICED, noticeOf } from './notice.ts'
import { openSink } from './open-sink.ts'
import { readSinks, targetOf, type SinkSettings } from './settings.ts'
import { selects, type ExportEvent } from './sink.ts'
import { slackMessage } from './slack-sink.ts'

const CONTROL = 'http://bailiwick.localhost:7400'
const EVIL = '<!channel> *x* <http://e.example|ok> \u202e&\r\nBcc: eve@e.example'
let made = 0

function event(type: string, body: JsonObject = {}, more: Partial<AuditRecord> = {}): ExportEvent {
  made += 1
  const record = {
    v: 2,
    id: `019ac000-0000-7000-8000-${String(made).padStart(12, '0')}`,
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    type,
    phase: 'decision',
    ts: '2026-11-23T10:00:00.123Z',
    gateway: 'gateway-1',
    boot: '019ac000-0000-7000-8000-0000000000bb',
    iseq: made,
    agent: 'payer',
    system: 'billing',
    action: 'create_refund',
    body: {
      approval: 'a-1',
      expiresAt: systemClock.now() + 60_000,
      reason: 'secret words',
      ...body,
    },
    ...more,
  } as AuditRecord
  return { index: made, leaf: String(made).padStart(43, 'A'), origin: 'test/log/2026h2', record }
}

function told(one: ExportEvent) {
  return noticeOf(one, { link: CONTROL, now: systemClock.now() })
}

function folder(t: TestContext): string {
  const at = mkdtempSync(join(tmpdir(), 'bailiwick-notices-'))
  t.after(() => rmSync(at, { recursive: true, force: true }))
  return at
}

function settings(at: string, text: string): SinkSettings {
  const indented = text.trim().replaceAll('\n', '\n    ')
  writeFileSync(join(at, 'sinks.yaml'), `sinks:\n  - ${indented}\n`, { mode: 0o600 })
  return readSinks(at)[0]!
}

test('people are told which tool and agent, and what became of it; never arguments, reasons or words', () => {
  const asked = told(event('approval.requested'))
  assert.equal(asked?.title, 'payer: billing/create_refund waits for a person')
  assert.equal(asked?.url, `${CONTROL}/approvals/a-1`)
  for (const type of NOTICED) {
    const one = event(type, { kind: 'agent', name: 'payer', to: 'cfo', input: { amount: 7 } })
    const text = JSON.stringify(told(one))
    assert.ok(text.length > 20, type)
    assert.doesNotMatch(text, /secret words|amount/, type)
    assert.ok(selects(NOTICED, type))
  }
  assert.equal(
    told(event('lock.added', { kind: 'agent', name: 'payer' }))?.title,
    'agent payer is locked',
  )
  assert.equal(told(event('call.intent')), undefined)
  assert.equal(
    told(event('approval.requested', { expiresAt: systemClock.now() - 1 })),
    undefined,
    'late',
  )
})

test('a name from somebody is inert in a title, and read as nothing by Slack', () => {
  const notice = told(event('approval.requested', { approval: '../x?<' }, { action: EVIL }))!
  assert.doesNotMatch(notice.title, /[\r\n\u202e]/)
  assert.match(notice.url!, /\/approvals\/\.\.%2Fx%3F%3C$/)
  const message = slackMessage(notice) as { text: string; mrkdwn: boolean; blocks: unknown[] }
  assert.equal(message.mrkdwn, false)
  assert.doesNotMatch(message.text, /<|>/)
  const [title, link] = message.blocks as { text: { type: string; text: string } }[]
  assert.deepEqual([title?.text.type, title?.text.text], ['plain_text', notice.title])
  assert.equal(link?.text.text.split(/[<|>]/).length, 4, 'one link, which is ours')
})

test('Slack: each notice is one message, a batch that is sent again tells nothing twice, the address is no secret lost', async (t) => {
  const at = folder(t)
  const seen: string[] = []
  let fails = false
  const server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => seen.push(`${request.url} ${text}`))
    request.on('end', () => response.writeHead(fails && seen.length > 1 ? 503 : 200).end('ok'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const file = join(at, 'url')
  writeFileSync(file, `http://127.0.0.1:${port}/services/T0/B0/key\n`)
  const slack = settings(at, `name: chat\nkind: slack\nurl_file: ${file}`)
  assert.equal(targetOf(slack), 'slack')
  assert.deepEqual(slack.select, [...NOTICED])
  const sink = openSink(slack, '1', systemClock, CONTROL)
  const batch = [event('approval.requested'), event('lock.added', { kind: 'agent', name: 'x' })]
  fails = true
  await assert.rejects(sink.send(batch), (error: Error) => {
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /services/)
    return (error as { code?: string }).code === 'export.undelivered'
  })
  fails = false
  await sink.send(batch)
  assert.equal(seen.length, 3)
  assert.match(seen[0]!, /^\/services\/T0\/B0\/key .*billing\/create_refund/)
  assert.match(seen[2]!, /agent x is locked/)
  await sink.close()
  for (const bad of [
    'http://hooks.example/x',
    'https://169.254.169.254/x',
    'https://u:p@h.example/',
  ]) {
    writeFileSync(file, bad)
    assert.throws(() => openSink(slack, '1', systemClock, CONTROL), { code: 'export.settings' })
  }
})

for (const scheme of ['smtps', 'smtp'] as const) {
  test(`e-mail by ${scheme}: under TLS alone, one mail for each notice, no header of anybody else's making`, async (t) => {
    const at = folder(t)
    const [key, cert] = [join(at, 'key.pem'), join(at, 'cert.pem')]
    const name = ['-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
    const words = ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...name]
    execFileSync('openssl', words, { stdio: 'ignore' })
    const pem = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
    const server = new SmtpServer(pem, scheme === 'smtps')
    t.after(() => server.close())
    const port = await server.listen()
    writeFileSync(join(at, 'password'), 'hunter2\n')
    const text = `name: mail\nkind: email\naddress: ${scheme}://127.0.0.1:${port}\nfrom: bailiwick@a.example\nto: [fay@a.example, finn@a.example]\nusername: bw\npassword_file: ${join(at, 'password')}\nlink: https://bailiwick.a.example/`
    const trusting = openSink(settings(at, `${text}\nca: ${cert}`), '1', systemClock, CONTROL)
    await trusting.send([event('approval.requested', {}, { action: EVIL }), event('call.intent')])
    const [mail] = server.taken
    assert.equal(server.taken.length, 1)
    assert.deepEqual(mail?.to, ['fay@a.example', 'finn@a.example'])
    assert.ok(mail.secure)
    assert.equal(mail.login, '\0bw\0hunter2')
    const [head = '', body = ''] = mail.text.split(/\n\n([\s\S]*)/)
    assert.doesNotMatch(head, /^Bcc:/im)
    assert.match(head, /^Subject: \[Bailiwick\] payer/m)
    assert.match(head, /^Message-ID: <019ac000-[0-9a-f-]+@test>/m)
    assert.match(body, /https:\/\/bailiwick\.a\.example\/approvals\/a-1/)
    assert.doesNotMatch(mail.text, /secret words/)
    server.answer = '451 later'
    await assert.rejects(trusting.send([event('approval.denied')]), { code: 'export.undelivered' })
    server.answer = '553 never'
    await assert.rejects(trusting.send([event('approval.denied')]), { code: 'export.refused' })
    server.answer = '250 ok'
    // Whoever nobody vouches for gets nothing, and neither does a server that would take it in the clear.
    const strict = openSink(settings(at, text), '1', systemClock, CONTROL)
    await assert.rejects(strict.send([event('approval.denied')]), { code: 'export.undelivered' })
    if (scheme === 'smtp') {
      server.offersTls = false
      await assert.rejects(trusting.send([event('lock.added')]), (error: Error) =>
        ((error as { code?: string }).code ?? '').startsWith('export.'),
      )
    }
    assert.equal(server.taken.length, 1)
  })
}

test('settings of people: addresses that could be read as more, and mail in the clear, refuse the start', (t) => {
  const at = folder(t)
  const mail = 'name: m\nkind: email\nfrom: a@b.example\n'
  for (const bad of [
    `${mail}to: ["a@b.example, c@d.example"]\naddress: smtps://h.example:465`,
    `${mail}to: ["a@b.example\\r\\nBcc: x@y.example"]\naddress: smtps://h.example:465`,
    `${mail}to: []\naddress: smtps://h.example:465`,
    `${mail}to: [a@b.example]\naddress: smtps://h.example`,
    `${mail}to: [a@b.example]\naddress: https://h.example:465`,
    `${mail}to: [a@b.example]\naddress: smtps://169.254.169.254:465`,
    `${mail}to: [a@b.example]\naddress: smtps://u:p@h.example:465`,
    `name: s\nkind: slack\nurl_file: ${join(at, 'url')}\nlink: javascript:alert(1)`,
    'name: s\nkind: slack\nurl: https://hooks.example/x',
  ]) {
    assert.throws(() => settings(at, bad), { code: 'export.settings' }, bad)
  }
})

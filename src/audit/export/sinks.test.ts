// Holds the tests of the sinks against real servers of their kind: syslog over TLS, HTTP collectors and webhooks, files.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTls } from 'node:tls'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'

import { systemClock } from '../../std/clock.ts'
import { utf8 } from '../../std/bytes.ts'
import type { AuditRecord } from '../../wire/record.ts'
import { openSink } from './open-sink.ts'
import { octetCounted, syslogMessage } from './rfc5424.ts'
import { readSinks, type SinkSettings } from './settings.ts'
import type { ExportEvent } from './sink.ts'
import { webhookSignature } from './webhook-sink.ts'

function event(index: number, type = 'call.denied'): ExportEvent {
  const record = {
    v: 2,
    id: `019ac000-0000-7000-8000-00000000000${index}`,
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    type,
    phase: 'decision',
    ts: '2026-11-23T10:00:00.123Z',
    gateway: 'gateway-1',
    boot: '019ac000-0000-7000-8000-0000000000bb',
    iseq: index + 1,
    action: 'read_file',
    body: { reason: 'says "no" ]\n<13>1 forged' },
  } as AuditRecord
  return { index, leaf: String(index).repeat(43), origin: 'test/log/2026h2', record }
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'bailiwick-sinks-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A key and a certificate for 127.0.0.1. */
function certificate(at: string): { readonly key: string; readonly cert: string } {
  const key = join(at, 'key.pem')
  const cert = join(at, 'cert.pem')
  const name = ['-subj', '/CN=collector', '-addext', 'subjectAltName=IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...name],
    {
      stdio: 'ignore',
    },
  )
  return { key, cert }
}

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Settings as the file says them: what a user writes is what is tested. */
function settings(t: TestContext, text: string): SinkSettings {
  const home = folder(t)
  writeFileSync(
    join(home, 'sinks.yaml'),
    `sinks:\n  - ${text.trim().replaceAll('\n', '\n    ')}\n`,
    {
      mode: 0o600,
    },
  )
  const [one] = readSinks(home)
  assert.ok(one !== undefined)
  return one
}

/** Messages of an octet-counted stream. */
function messages(bytes: Buffer): string[] {
  const found: string[] = []
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const length = Number(bytes.toString('latin1', at, space))
    found.push(bytes.toString('utf8', space + 1, space + 1 + length))
    at = space + 1 + length
  }
  return found
}

test('RFC 5424 §6: header, structured data and message, and nothing inside ends it', () => {
  const message = syslogMessage(event(3), 'host name', 'text')
  const grammar =
    /^<108>1 2026-11-23T10:00:00\.123Z host\?name bailiwick gateway-1 call\.denied \[bailiwick@32473 index="3" leaf="3+" id="[^"]+"\] \uFEFFtext$/
  assert.match(message, grammar)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.deepEqual(
        messages(Buffer.from(octetCounted(syslogMessage(event(1), text, text)))).length,
        1,
      )
    }),
  )
})

test('RFC 5425 §4: syslog over TLS to whom the certificate names, octet-counted, in order', async (t) => {
  const at = folder(t)
  const { key, cert } = certificate(at)
  const got: Buffer[] = []
  const open = new Set<Socket>()
  const server = createTls({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    open.add(socket)
    socket.on('data', (data: Buffer) => got.push(data))
    socket.on('error', () => undefined)
  })
  const port = await listen(t, server)
  const untrusted = openSink(
    settings(t, `name: a\nkind: syslog\naddress: tls://127.0.0.1:${port}`),
    '1',
    systemClock,
  )
  await assert.rejects(untrusted.send([event(1)]), { code: 'export.undelivered' })
  await untrusted.close()
  const sink = openSink(
    settings(
      t,
      `name: a\nkind: syslog\naddress: tls://127.0.0.1:${port}\nca: ${cert}\nformat: cef`,
    ),
    '1',
    systemClock,
  )
  await sink.send([event(1), event(2)])
  while (messages(Buffer.concat(got)).length < 2) await pause(5)
  assert.deepEqual(
    messages(Buffer.concat(got)).map((one) => /index="(\d)"/.exec(one)?.[1]),
    ['1', '2'],
  )
  assert.ok(Buffer.concat(got).includes('CEF:0|Bailiwick|'))
  // The collector goes away: whoever sends next is told, and the one after finds a new connection.
  for (const socket of open) socket.destroy()
  await pause(50)
  await assert.rejects(sink.send([event(3)]), { code: 'export.undelivered' })
  await sink.send([event(3)])
  await sink.close()
  for (const socket of open) socket.destroy()
})

async function body(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

test('Standard Webhooks: signed over id, time and body, and the same batch has the same id', async (t) => {
  const at = folder(t)
  const { key, cert } = certificate(at)
  const secret = 'a secret of at least 24 bytes'
  writeFileSync(join(at, 'secret'), `${secret}\n`)
  const seen: { id: string; text: string; valid: boolean }[] = []
  let status = 200
  const server = createHttps(
    { key: readFileSync(key), cert: readFileSync(cert) },
    (request, response) => {
      void body(request).then((text) => {
        const {
          'webhook-id': id,
          'webhook-timestamp': time,
          'webhook-signature': given,
        } = request.headers
        const expected = webhookSignature(utf8(secret), String(id), String(time), text)
        seen.push({ id: String(id), text, valid: given === expected })
        response.writeHead(status, { location: '/elsewhere' }).end()
      })
    },
  )
  const port = await listen(t, server)
  const sink = openSink(
    settings(
      t,
      `name: a\nkind: webhook\nurl: https://127.0.0.1:${port}/in\nca: ${cert}\nsecret_file: ${join(at, 'secret')}`,
    ),
    '1',
    systemClock,
  )
  await sink.send([event(1), event(2)])
  status = 503
  await assert.rejects(sink.send([event(1), event(2)]), { code: 'export.undelivered' })
  status = 400
  await assert.rejects(sink.send([event(1), event(2)]), { code: 'export.refused' })
  // A redirect is not followed: the signature was for this address.
  status = 307
  await assert.rejects(sink.send([event(3)]), { code: 'export.refused' })
  assert.equal(seen.length, 4)
  assert.ok(seen.every(({ valid }) => valid))
  assert.equal(new Set(seen.slice(0, 3).map(({ id }) => id)).size, 1)
  assert.equal((JSON.parse(seen[0]?.text ?? '') as unknown[]).length, 2)
  await sink.close()
  server.closeAllConnections()
})

test('OTLP/HTTP: logs and traces at their paths with the headers of the file; a part that is rejected is a refusal', async (t) => {
  const at = folder(t)
  writeFileSync(join(at, 'headers'), 'Authorization: Bearer t-1\n')
  const seen: string[] = []
  let answer = '{}'
  const server = createHttp((request, response) => {
    void body(request).then((text) => {
      const parsed = JSON.parse(text) as Record<string, unknown>
      seen.push(`${request.url} ${request.headers.authorization} ${Object.keys(parsed).join()}`)
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    })
  })
  const port = await listen(t, server)
  const url = `http://127.0.0.1:${port}`
  const sink = openSink(
    settings(t, `name: a\nkind: otlp\nurl: ${url}/\nheaders_file: ${join(at, 'headers')}`),
    '1',
    systemClock,
  )
  const traced = event(1)
  const record = {
    ...traced.record,
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
    body: { span: { id: '00f067aa0ba902b7' } },
  }
  await sink.send([{ ...traced, record }])
  assert.deepEqual(seen, [
    '/v1/logs Bearer t-1 resourceLogs',
    '/v1/traces Bearer t-1 resourceSpans',
  ])
  answer = '{"partialSuccess":{"rejectedLogRecords":"1"}}'
  await assert.rejects(sink.send([traced]), { code: 'export.refused' })
  await sink.close()
  server.closeAllConnections()
})

test('a file is appended to, rotated at its size, and made anew where it was moved away', async (t) => {
  const at = folder(t)
  const path = join(at, 'records.ndjson')
  const sink = openSink(
    settings(t, `name: a\nkind: file\npath: ${path}\nrotate_mb: 1`),
    '1',
    systemClock,
  )
  await sink.send([event(1), event(2)])
  renameSync(path, join(at, 'moved'))
  await sink.send([event(3)])
  const lines = (name: string): number[] =>
    readFileSync(join(at, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { index: number }).index)
  assert.deepEqual([lines('moved'), lines('records.ndjson')], [[1, 2], [3]])
  const large = { ...event(4), leaf: 'x'.repeat(1 << 20) }
  await sink.send([large])
  assert.deepEqual(readdirSync(at).toSorted(), ['moved', 'records.ndjson.4'])
  await sink.close()
})

test('sinks.yaml that is not understood refuses, and says where', (t) => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['sinks: {}', /sinks/],
    ['sinks: [{name: a, kind: kafka}]', /kind/],
    ['sinks: [{name: A, kind: file, path: /x}]', /name/],
    ['sinks: [{name: a, kind: file, path: x}]', /absolute/],
    ['sinks: [{name: a, kind: file, path: /x, extra: 1}]', /extra/i],
    ['sinks: [{name: a, kind: otlp, url: "http://collector.example"}]', /TLS/],
    ['sinks: [{name: a, kind: otlp, url: "https://u:p@collector.example"}]', /credentials/],
    ['sinks: [{name: a, kind: syslog, address: "tls://collector.example"}]', /port/],
    ['sinks: [{name: a, kind: syslog, address: "udp://127.0.0.1:1"}]', /tls:\/\//],
    ['sinks: [{name: a, kind: file, path: /x}, {name: a, kind: file, path: /y}]', /twice/],
    ['sinks: [{name: a, name: b, kind: file, path: /x}]', /unique/],
    ['sinks: [{name: a, kind: file, path: /x, select: ["a b"]}]', /record type/],
    ['sinks: &a [*a]', /./],
  ]
  for (const [text, expected] of wrong) {
    const home = folder(t)
    writeFileSync(join(home, 'sinks.yaml'), text, { mode: 0o600 })
    assert.throws(() => readSinks(home), { code: 'export.settings', message: expected }, text)
  }
  const home = folder(t)
  assert.deepEqual(readSinks(home), [])
  writeFileSync(join(home, 'sinks.yaml'), 'sinks: []', { mode: 0o666 })
  // The umask may have taken it away.
  execFileSync('chmod', ['666', join(home, 'sinks.yaml')])
  assert.throws(() => readSinks(home), { message: /written by others/ })
})

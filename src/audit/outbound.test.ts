// Holds the tests of where the record may be sent to: inside the house and out of it, and never where machines are told their credentials.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import type { LookupAddress } from 'node:dns'
import { createServer, type LookupFunction } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../std/clock.ts'
import { publicFault } from '../std/fault.ts'
import { openSink } from './export/open-sink.ts'
import { readSinks, type SinkSettings } from './export/settings.ts'
import { guarded, isOutboundHost } from './outbound.ts'
import { temporaryHome } from './testbed.test.ts'
import { openAsk } from './witness/ask.ts'

/** What a look-up answers where a name has these addresses. */
function looked(addresses: readonly string[], all = true): Promise<string | LookupAddress[]> {
  const lookup: LookupFunction = guarded((_, __, answered) =>
    answered(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    ),
  )
  return new Promise((resolve, reject) =>
    lookup('some.name', { all }, (error, found) =>
      error === null ? resolve(found) : reject(error),
    ),
  )
}

const NOWHERE = [
  '169.254.169.254',
  '169.254.0.7',
  '100.100.100.200',
  '168.63.129.16',
  'fd00:ec2::254',
  'fe80::1',
  '::ffff:169.254.169.254',
  '0.0.0.1',
  '224.0.0.1',
  '::',
]
const SOMEWHERE = [
  '10.1.2.3',
  '192.168.0.9',
  '172.20.0.1',
  '100.64.0.1',
  'fd12::1',
  '127.0.0.1',
  '::1',
  '93.184.215.14',
]

test('a name is refused for any of its addresses that nothing is sent to; private ones and this machine are where collectors stand', async () => {
  for (const address of NOWHERE) {
    await assert.rejects(looked([address]), { code: 'outbound.address' }, address)
    await assert.rejects(looked(['10.0.0.1', address]), { code: 'outbound.address' }, address)
    assert.equal(isOutboundHost(address.includes(':') ? `[${address}]` : address), false, address)
  }
  for (const address of SOMEWHERE) {
    assert.equal(await looked([address], false), address)
    assert.ok(isOutboundHost(address.includes(':') ? `[${address}]` : address))
  }
  await assert.rejects(looked([]), { code: 'outbound.address' })
  assert.ok(isOutboundHost('collector.example'))
})

test('sinks.yaml with such an address is refused at the start, however it is written', (t) => {
  const home = temporaryHome(t)
  const path = join(home, 'sinks.yaml')
  const key = join(home, 'key')
  for (const host of [
    '169.254.169.254',
    '0xA9FEA9FE',
    '2852039166',
    '[fe80::1]',
    '[::ffff:a9fe:a9fe]',
  ]) {
    const url = `https://${host}/hook`
    writeFileSync(
      path,
      `sinks:\n  - {name: s, kind: webhook, url: "${url}", secret_file: ${key}}\n`,
      {
        mode: 0o600,
      },
    )
    assert.throws(
      () => readSinks(home),
      { code: 'export.settings', message: /nothing is sent to/ },
      host,
    )
  }
})

/** Names of this kind are resolved by the machine without a name server: a number is an address to it. */
const NUMBER = '2852039166'

test('a sink whose name leads there connects to nothing, and says so', async (t) => {
  const key = join(temporaryHome(t), 'key')
  writeFileSync(key, 'k'.repeat(32), { mode: 0o600 })
  const syslog = {
    name: 's',
    kind: 'syslog',
    address: `tls://${NUMBER}:6514`,
    select: ['*'],
    format: 'ocsf',
  }
  const sink = openSink(syslog as SinkSettings, '1', systemClock)
  await assert.rejects(sink.send([]), (error) => {
    const { code, detail } = publicFault(error)
    return code === 'export.undelivered' && detail.includes('outbound.address')
  })
  await sink.close()
})

test('a witness on this machine is asked all the same', async (t) => {
  const server = createServer((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'),
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const { show, close } = openAsk()
  t.after(close)
  assert.equal((await show(`http://localhost:${address.port}/x`)).text, 'hi')
})

// Holds tests of the frame between threads: read whole however it is cut, and nothing else taken for one.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Peer } from './peer.ts'
import { prelude, readPrelude, SECRET_BYTES } from './prelude.ts'

const secret = new Uint8Array(SECRET_BYTES).fill(9)

/** What is read of bytes that come in pieces of the sizes given, and then end. */
async function read(bytes: Uint8Array, sizes: readonly number[]): Promise<Peer | undefined> {
  const stream = new PassThrough()
  const reading = readPrelude(stream as unknown as Socket, secret)
  let at = 0
  for (const size of [...sizes, bytes.length]) {
    stream.write(bytes.subarray(at, at + size))
    at += size
    await new Promise((resolve) => setImmediate(resolve))
    if (at >= bytes.length) break
  }
  setImmediate(() => stream.destroy())
  return reading
}

const peers = fc.record<Peer>(
  {
    certificate: fc.stringMatching(/^[0-9a-f]{64}$/),
    address: fc.oneof(fc.ipV4(), fc.ipV6()),
  },
  { requiredKeys: ['address'], noNullPrototype: true },
)

test('a frame says who is there, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(peers, fc.array(fc.integer({ min: 1, max: 40 })), async (peer, sizes) => {
      assert.deepEqual(await read(prelude(secret, peer), sizes), peer)
    }),
    { numRuns: 100 },
  )
})

test('INV-8 what has another secret, more behind it, or another form, says nothing', async () => {
  const good = prelude(secret, { address: '127.0.0.1' })
  const other = prelude(new Uint8Array(SECRET_BYTES), { address: '127.0.0.1' })
  const long = prelude(secret, { address: 'a'.repeat(2_000) })
  const strange = prelude(secret, { address: '::1', certificate: 'AB' })
  const more = prelude(secret, { address: '::1', instance: 'mine' } as unknown as Peer)
  const broken = Buffer.concat([secret, Buffer.from([0, 2]), Buffer.from('{"')])
  for (const bytes of [other, long, strange, more, broken, Buffer.concat([good, Buffer.of(1)])]) {
    assert.equal(await read(bytes, []), undefined)
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      assert.equal(await read(bytes, []), undefined)
    }),
    { numRuns: 100 },
  )
})

test('one that ends before it is whole says nothing', async () => {
  const whole = prelude(secret, { address: '127.0.0.1' })
  assert.equal(await read(whole.subarray(0, whole.length - 1), []), undefined)
})

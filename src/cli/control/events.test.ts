// Holds the tests of reading server-sent events: however the bytes are cut, the same events come out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventTooLarge, serverEvents, type ServerEvent } from './events.ts'

async function* cut(bytes: Uint8Array, at: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const to of [...at, bytes.length]) {
    yield bytes.subarray(from, Math.max(from, to))
    from = Math.max(from, to)
  }
}

async function read(
  text: string,
  at: readonly number[] = [],
  limit?: number,
): Promise<ServerEvent[]> {
  return Array.fromAsync(serverEvents(cut(Buffer.from(text), at), limit))
}

test('names, several lines of data, comments, ids and all three line ends', async () => {
  const text =
    ': hi\nid: 7\nevent: record\ndata: a\ndata:b\n\ndata\r\n\r\nevent: empty\n\ndata:  two\r\rdata: cut off'
  assert.deepEqual(await read(text), [
    { event: 'record', data: 'a\nb' },
    { event: 'message', data: '' },
    { event: 'message', data: ' two' },
  ])
})

test('the cuts between chunks change nothing, not even within a character or a line end', async () => {
  const text = 'data: grüße 日本\r\n\r\nevent: x\rdata: 1\n\r\n: c\n\ndata: {"a":"😀"}\n\n'
  const whole = await read(text)
  assert.equal(whole.length, 3)
  const cuts = fc.array(fc.nat({ max: Buffer.byteLength(text) }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(cuts, async (at) => {
      assert.deepEqual(
        await read(
          text,
          at.toSorted((a, b) => a - b),
        ),
        whole,
      )
    }),
  )
})

test('an event that does not end is given up at the limit; one after another is not', async () => {
  await assert.rejects(read('data: 123456789', [], 10), EventTooLarge)
  assert.equal(
    (
      await read(
        'data: 12\n\n'.repeat(50),
        Array.from({ length: 50 }, (_, n) => n * 10),
        15,
      )
    ).length,
    50,
  )
})

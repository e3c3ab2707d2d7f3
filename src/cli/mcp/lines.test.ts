// Holds the tests of lines: bounded on the way in, in whole and in turn on the way out.

import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineWriter, readLines } from './lines.ts'

async function* chunks(parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function read(parts: readonly (string | Uint8Array)[], limit?: number): Promise<string[]> {
  const lines = await Array.fromAsync(readLines(chunks(parts), limit))
  return lines.map((line) => (line === 'too-long' ? 'TOO LONG' : Buffer.from(line).toString()))
}

test('lines are cut at line feeds, with or without a return, and the last needs none', async () => {
  assert.deepEqual(await read(['a\r\nb', 'c\n\n\r\n', 'd']), ['a', 'bc', 'd'])
})

test('a line over the limit is told once and read over; its neighbours are not harmed', async () => {
  assert.deepEqual(await read(['ok\n12345', '67890', '123\nnext\n', '1234567'], 6), [
    'ok',
    'TOO LONG',
    'next',
    'TOO LONG',
  ])
})

test('the cuts between chunks change nothing', async () => {
  const text = Buffer.from('{"a":"grüße"}\n{"b":2}\r\n{"c":3}')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: text.length })), async (at) => {
      const ends = [...at.toSorted((a, b) => a - b), text.length]
      const parts = ends.map((end, n) => text.subarray(ends[n - 1] ?? 0, end))
      assert.deepEqual(await read(parts), ['{"a":"grüße"}', '{"b":2}', '{"c":3}'])
    }),
  )
})

test('no line is read before the one before it was taken', async () => {
  let given = 0
  async function* slow(): AsyncGenerator<Uint8Array> {
    for (;;) {
      given++
      yield Buffer.from(`${given}\n`)
    }
  }
  const lines = readLines(slow())
  await lines.next()
  await turn()
  assert.equal(given, 1)
})

test('a reader that is full is waited for, and one that left frees whoever waits', async () => {
  let release = (): void => undefined
  const seen: string[] = []
  const output = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, done) => {
      seen.push(chunk.toString())
      release = done
    },
  })
  const writer = new LineWriter(output)
  let second = false
  const first = writer.write('one')
  const waiting = writer.write('two').then(() => (second = true))
  await turn()
  assert.deepEqual(seen, ['one\n'])
  release()
  await first
  await turn()
  assert.deepEqual(seen, ['one\n', 'two\n'])
  assert.equal(second, false)
  output.destroy()
  await waiting
  assert.equal(writer.gone.aborted, true)
  await writer.write('nobody reads this')
})

// Holds the tests of the reading of forms: what the pieces are makes no difference to what is read.

import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import { MultipartReader } from './multipart.ts'
import { Source } from './source.ts'

/** A body that comes in pieces of the sizes given, over and over. */
function source(bytes: Buffer, sizes: readonly number[], timer?: Timer): Source {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return new Source(Readable.from(pieces, { objectMode: true }) as IncomingMessage, timer)
}

async function readAll(reader: MultipartReader): Promise<unknown[]> {
  const parts: unknown[] = []
  for (let part = await reader.nextPart(); part !== undefined; part = await reader.nextPart()) {
    const pieces: Buffer[] = []
    for (let piece = await reader.read(); piece !== undefined; piece = await reader.read())
      pieces.push(piece)
    parts.push([part, Buffer.concat(pieces).toString('latin1')])
  }
  return parts
}

test('however it is cut into pieces, a form has the same parts', async () => {
  // Contents that hold pieces of the delimiter, and nothing else that would end them.
  const content = fc.array(
    fc.constantFrom('\r', '\n', '-', '--', 'B', '\r\n', '\r\n--', '\r\n-B', 'x'),
    { maxLength: 12 },
  )
  const bodies = fc.array(
    content.map((list) => list.join('')).filter((text) => !text.includes('\r\n--B')),
    { minLength: 1, maxLength: 3 },
  )
  await fc.assert(
    fc.asyncProperty(
      bodies,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      async (texts, sizes) => {
        const form = texts
          .map(
            (text, at) => `--B\r\nContent-Disposition: form-data; name="n${at}"\r\n\r\n${text}\r\n`,
          )
          .join('')
        // What is cut by a line end of its own at its end would begin the delimiter earlier.
        fc.pre(!texts.some((text) => `${text}\r\n--B`.indexOf('\r\n--B') !== text.length))
        const reader = new MultipartReader(
          source(Buffer.from(`${form}--B--\r\n`, 'latin1'), sizes),
          'B',
        )
        assert.deepEqual(
          await readAll(reader),
          texts.map((text, at) => [{ name: `n${at}` }, text]),
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('whatever arrives, it is read or refused, and never waited for beyond its end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.constantFrom(
          '--B',
          '--',
          '\r\n',
          'Content-Disposition: form-data; name="a"',
          ': ',
          '\0',
          'x',
          '"',
        ),
        { maxLength: 20 },
      ),
      async (parts) => {
        const reader = new MultipartReader(source(Buffer.from(parts.join(''), 'latin1'), [7]), 'B')
        await readAll(reader).catch((error: unknown) =>
          assert.ok(error instanceof Fault && error.code === 'http.form'),
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('a body that stops coming is not waited for', async () => {
  let fire = (): void => undefined
  const timer: Timer = {
    after: (_ms, then) => {
      fire = then
      return () => undefined
    },
  }
  const never = new Readable({ read: () => undefined }) as IncomingMessage
  const waiting = new Source(never, timer).next()
  fire()
  await assert.rejects(waiting, (error) => error instanceof Fault && error.code === 'http.slow')
})

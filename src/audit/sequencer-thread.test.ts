// Holds the test that a sequencer which failed in the middle of a step touches nothing any more, whatever it is still told.

import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'

import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { utf8 } from '../std/bytes.ts'
import type { DurableBatch } from './durable-batch.ts'
import { Envelope } from './envelope.ts'
import { openLogKey } from './log-key.ts'
import { systemDisk } from './segment-file.ts'
import { Sequencer } from './sequencer.ts'
import { SequencerThread, type SequencerNews } from './sequencer-worker.ts'
import { SpoolWriter } from './spool-writer.ts'
import { chunkOf, intent, logSigner, temporaryHome } from './testbed.test.ts'

const ORIGIN = 'audit.test/log'
const BOOT = '01a204f2-383b-7306-a4c7-0552c2623573'

test('INV-7 orders that come after a disk error find a dead sequencer, and the next one goes on from what was committed', async (t) => {
  const home = temporaryHome(t)
  const { vkey } = openLogKey(home, ORIGIN, logSigner())
  const options = { home, origin: ORIGIN, vkey }
  const { port1, port2 } = new MessageChannel()
  t.after(() => port2.close())
  const said = (): SequencerNews | undefined =>
    (receiveMessageOnPort(port2) as { message: SequencerNews } | undefined)?.message
  const thread = new SequencerThread(port1, { ...options, recover: false })
  assert.equal(said()?.kind, 'opened')
  const writer = new SpoolWriter(
    {
      directory: join(home, 'spool'),
      gateway: 'gw',
      boot: BOOT,
      key: 'k',
      segmentBytes: 131_072,
      keptBytes: 32_768,
      first: 1,
    },
    systemDisk,
  )
  const envelope = new Envelope('gw', BOOT, systemClock, systemEntropy)
  const batch = (): DurableBatch => {
    const texts = [1, 2, 3].map((n) => utf8(envelope.seal(intent(`call-${n}`)).text))
    const { position, digest } = writer.flush([chunkOf(texts)])
    return { position, digest }
  }
  const advance = (one: DurableBatch, batches: readonly DurableBatch[] = [one]): void =>
    thread.hear({ kind: 'advance', goal: one.position, batches })

  advance(batch())
  const committed = said()
  assert.ok(committed?.kind === 'committed')
  assert.equal(committed.head.size, 3)
  // It has nothing left to do.
  await turn()

  const tiles = join(home, 'log', committed.head.shards[0]?.name ?? '', 'tile')
  renameSync(tiles, `${tiles}-away`)
  writeFileSync(tiles, 'in the way')
  const second = batch()
  advance(second)
  assert.equal(said()?.kind, 'failed')
  // The disk is well again before the orders come that were on their way.
  rmSync(tiles)
  renameSync(`${tiles}-away`, tiles)
  const third = batch()
  advance(second, [])
  advance(third)
  thread.hear({ kind: 'publish', shard: committed.head.shards[0]?.name ?? '', size: 3, note: '' })
  thread.hear({ kind: 'close' })
  await turn()
  assert.equal(said(), undefined)

  const next = new Sequencer(options)
  assert.equal(next.head.size, 3)
  while (next.step(third.position));
  assert.equal(next.head.size, 9)
  next.close()
  writer.close()
})

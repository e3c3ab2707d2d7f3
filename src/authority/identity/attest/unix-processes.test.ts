// Holds which process is which instance: the same for as long as it runs, another for another, none once it was revoked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../../../test/fakes/clock.ts'
import { FakeTimer, p256, spkiOf } from '../../../../test/fakes/identity.ts'
import { FakeKernel } from '../../../../test/fakes/peer-kernel.ts'
import { FakeIdentities } from '../../../../test/fakes/workload.ts'
import { Fault } from '../../../std/fault.ts'
import { PeerConnection } from './unix-peer.ts'
import { UnixProcesses } from './unix-processes.ts'

function open() {
  const kernel = new FakeKernel()
  const clock = new FakeClock()
  const timer = new FakeTimer()
  const identities = new FakeIdentities(clock)
  identities.selector = 'unix:uid:1000'
  const troubles: unknown[] = []
  const onTrouble = (error: unknown): void => void troubles.push(error)
  const processes = new UnixProcesses({ identities, kernel, clock, timer, onTrouble })
  const key = (): Uint8Array => spkiOf(p256())
  const identify = async (connection: PeerConnection): Promise<string> =>
    (await processes.identify(connection, key())).instance
  return { kernel, clock, timer, identities, troubles, processes, key, identify }
}

test('a process is one instance, over every connection that it makes; another process is another', async () => {
  const { kernel, identify, processes } = open()
  kernel.start(7)
  kernel.start(8)
  const first = await identify(PeerConnection.accept(kernel, 7))
  assert.equal(await identify(PeerConnection.accept(kernel, 7)), first)
  const other = await identify(PeerConnection.accept(kernel, 8))
  assert.notEqual(other, first)
  assert.equal(processes.instanceOf({ pid: 7, started: 'boot.1', uid: 1000 }), first)
  assert.equal(processes.instanceOf({ pid: 8, started: 'boot.2', uid: 1000 }), other)
})

test('two connections that ask at once make one instance', async () => {
  const { kernel, identify } = open()
  kernel.start(7)
  const asked = [1, 2, 3, 4].map(() => identify(PeerConnection.accept(kernel, 7)))
  assert.equal(new Set(await Promise.all(asked)).size, 1)
})

test('more than eight requests of one process at once are refused', async () => {
  const { kernel, identify } = open()
  kernel.start(7)
  const asked = Array.from({ length: 12 }, () => identify(PeerConnection.accept(kernel, 7)))
  const settled = await Promise.allSettled(asked)
  const refused = settled.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 4)
  for (const { reason } of refused) assert.equal((reason as { code: string }).code, 'unix.busy')
})

test('a look-up names the very process: another start, another account or none is nobody', async () => {
  const { kernel, identify, identities, processes } = open()
  kernel.start(7)
  const instance = await identify(PeerConnection.accept(kernel, 7))
  assert.equal(processes.instanceOf({ pid: 7, started: 'boot.2', uid: 1000 }), undefined)
  assert.equal(processes.instanceOf({ pid: 7, started: 'boot.1', uid: 0 }), undefined)
  assert.equal(processes.instanceOf({ pid: 8, started: 'boot.1', uid: 1000 }), undefined)
  identities.end(instance, 'expired')
  assert.equal(processes.instanceOf({ pid: 7, started: 'boot.1', uid: 1000 }), undefined)
})

test('an instance that ended by itself is followed by another; one that was revoked is not, in this process', async () => {
  const { kernel, identify, identities } = open()
  kernel.start(7)
  const first = await identify(PeerConnection.accept(kernel, 7))
  identities.end(first, 'expired')
  const second = await identify(PeerConnection.accept(kernel, 7))
  assert.notEqual(second, first)
  identities.end(second, 'revoked')
  await assert.rejects(identify(PeerConnection.accept(kernel, 7)), { code: 'unix.revoked' })
  kernel.start(7, { started: 'boot.99' })
  const third = await identify(PeerConnection.accept(kernel, 7))
  // As after a rekey: what was taken away was not the process.
  identities.end(third, 'revoked', { mayReturn: true })
  const fourth = await identify(PeerConnection.accept(kernel, 7))
  assert.notEqual(fourth, third)
})

test('a process that has ended is forgotten, and its instance ends', async () => {
  const { kernel, identify, identities, processes, timer, troubles } = open()
  kernel.start(7)
  kernel.start(8)
  const gone = await identify(PeerConnection.accept(kernel, 7))
  const left = await identify(PeerConnection.accept(kernel, 8))
  kernel.processes.delete(7)
  timer.fire()
  await processes.close()
  assert.deepEqual(identities.endings, [[gone, 'its process has ended']])
  assert.ok(identities.live(left))
  assert.deepEqual(troubles, [])
})

test('what needs no key of its own makes one certificate, and the next when half of its life is over', async () => {
  const { kernel, clock, identities, processes, key } = open()
  kernel.start(7)
  const connection = PeerConnection.accept(kernel, 7)
  const instance = await processes.instanceFor(connection, async () => key())
  assert.equal(await processes.instanceFor(connection, async () => key()), instance)
  assert.equal(identities.evidence.length, 1)
  clock.advance(31 * 60_000)
  assert.equal(await processes.instanceFor(connection, async () => key()), instance)
  assert.equal(identities.evidence.length, 2)
  kernel.start(7, { started: 'boot.99' })
  await assert.rejects(
    processes.instanceFor(connection, async () => key()),
    { code: 'unix.gone' },
  )
})

test('a process that no registration matches has no instance', async () => {
  const { kernel, identify, processes } = open()
  kernel.start(7, { uid: 2000 })
  await assert.rejects(identify(PeerConnection.accept(kernel, 7)), { code: 'registration.none' })
  assert.equal(processes.instanceOf({ pid: 7, started: 'boot.1', uid: 2000 }), undefined)
})

test('an instance whose process is no longer what it was registered as ends, and another may follow', async () => {
  const { kernel, identify, identities } = open()
  kernel.start(7)
  const first = await identify(PeerConnection.accept(kernel, 7))
  const kind = { status: 403, next: 'ask the test' }
  const reattest = identities.reattest.bind(identities)
  identities.reattest = async () => {
    throw new Fault('attest.unregistered', kind, 'it is no longer what it was registered as')
  }
  const second = await identify(PeerConnection.accept(kernel, 7))
  assert.notEqual(second, first)
  assert.deepEqual(identities.endings, [[first, 'it is no longer what it was registered as']])
  identities.reattest = reattest
  assert.equal(await identify(PeerConnection.accept(kernel, 7)), second)
})

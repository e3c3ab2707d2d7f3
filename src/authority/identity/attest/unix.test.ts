// Holds the attestor of local processes: what becomes a selector, and what never does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeKernel, programFile } from '../../../../test/fakes/peer-kernel.ts'
import { attestUnix } from './unix.ts'
import { PeerConnection } from './unix-peer.ts'

async function selectorsOf(kernel: FakeKernel, pid: number): Promise<readonly string[]> {
  return (await attestUnix(kernel, PeerConnection.accept(kernel, pid))).selectors
}

test('account, group, control group, path and digest become selectors, sorted', async () => {
  const kernel = new FakeKernel()
  kernel.start(7)
  const evidence = await attestUnix(kernel, PeerConnection.accept(kernel, 7))
  assert.deepEqual(evidence, {
    attestor: 'unix',
    source: '',
    selectors: [
      'unix:cgroup:/system.slice/sorter.service',
      'unix:gid:1000',
      'unix:path:/opt/agents/sorter',
      `unix:sha256:${'ab'.repeat(32)}`,
      'unix:uid:1000',
      'unix:user:alice',
    ],
    facts: {
      cgroup: '/system.slice/sorter.service',
      gid: '1000',
      path: '/opt/agents/sorter',
      sha256: 'ab'.repeat(32),
      uid: '1000',
      user: 'alice',
    },
    subject: '7:boot.1',
  })
})

test('an interpreter has neither path nor digest', async () => {
  const kernel = new FakeKernel()
  for (const link of ['/usr/bin/python3.13', '/usr/local/bin/node', '/usr/bin/node (deleted)']) {
    kernel.start(7, { program: programFile(link) })
    const selectors = await selectorsOf(kernel, 7)
    assert.ok(!selectors.some((one) => /path|sha256/.test(one)), selectors.join(' '))
    assert.ok(selectors.includes('unix:uid:1000'))
  }
})

test('what we may not look at, or what is strange, selects nothing', async () => {
  const kernel = new FakeKernel()
  kernel.start(7, { program: undefined, cgroup: undefined })
  assert.deepEqual(await selectorsOf(kernel, 7), [
    'unix:gid:1000',
    'unix:uid:1000',
    'unix:user:alice',
  ])
  kernel.start(7, {
    program: programFile('/opt/a\nunix:uid:0'),
    cgroup: '/../outside',
    sha256: undefined,
  })
  assert.deepEqual(await selectorsOf(kernel, 7), [
    'unix:gid:1000',
    'unix:uid:1000',
    'unix:user:alice',
  ])
  kernel.start(7, { cgroup: '/' })
  assert.ok(!(await selectorsOf(kernel, 7)).some((one) => one.startsWith('unix:cgroup')))
})

test('a digest of another file than the one that runs is none', async () => {
  const kernel = new FakeKernel()
  const sorter = kernel.start(7)
  const connection = PeerConnection.accept(kernel, 7)
  kernel.digest = async () => ({ sha256: 'cd'.repeat(32), file: '8:1:100:2:2' })
  const { selectors } = await attestUnix(kernel, connection)
  assert.ok(!selectors.some((one) => one.includes('sha256')), selectors.join(' '))
  assert.equal(sorter.sha256, 'ab'.repeat(32))
})

test('every hold on a process is let go of, also where it cannot be known', () => {
  const kernel = new FakeKernel()
  kernel.start(7)
  const connection = PeerConnection.accept(kernel, 7)
  assert.equal(kernel.held, 1)
  connection.release()
  assert.equal(kernel.held, 0)
  kernel.started = () => undefined
  assert.throws(() => PeerConnection.accept(kernel, 7), { code: 'unix.peer' })
  assert.throws(() => PeerConnection.accept(kernel, 8), { code: 'unix.peer' })
  assert.equal(kernel.held, 0)
})

// Holds tests of the filter's program: it is whole, its jumps stay inside, and it is made only for machines that it was written for.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { syscallFilter } from './syscall-filter.ts'

const ALLOW = 0x7fff0000
const KILL = 0x80000000

/** Runs the program as the kernel does, on one call. */
function run(filter: Uint8Array, call: { arch: number; number: number; args?: number[] }): number {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength)
  const data = new Map([
    [0, call.number],
    [4, call.arch],
    ...(call.args ?? []).map((value, at) => [16 + at * 8, value] as const),
  ])
  let accumulator = 0
  for (let at = 0; at < filter.length / 8; at++) {
    const code = view.getUint16(at * 8, true)
    const yes = view.getUint8(at * 8 + 2)
    const no = view.getUint8(at * 8 + 3)
    const value = view.getUint32(at * 8 + 4, true)
    if (code === 0x06) return value
    if (code === 0x20) accumulator = data.get(value) ?? 0
    else {
      const met =
        code === 0x15
          ? accumulator === value
          : code === 0x35
            ? accumulator >= value
            : (accumulator & value) !== 0
      at += met ? yes : no
    }
  }
  throw new Error('it ran off its end')
}

const MACHINES = [
  { arch: 'x64', audit: 0xc000003e, read: 0, socket: 41, ioctl: 16, clone: 56, mount: 165 },
  { arch: 'arm64', audit: 0xc00000b7, read: 63, socket: 198, ioctl: 29, clone: 220, mount: 40 },
]

for (const { arch, audit, read, socket, ioctl, clone, mount } of MACHINES) {
  test(`on ${arch} calls are let through, refused or absent as they should be`, () => {
    const filter = syscallFilter(arch)
    assert.ok(filter)
    const answer = (number: number, ...args: number[]) => run(filter, { arch: audit, number, args })
    assert.equal(answer(read), ALLOW)
    assert.equal(answer(mount), 0x00050001)
    assert.equal(answer(425), 0x00050026)
    assert.equal(answer(435), 0x00050026)
    for (const family of [1, 2, 10, 16]) assert.equal(answer(socket, family), ALLOW)
    for (const family of [0, 17, 40, 44]) assert.equal(answer(socket, family), 0x00050061)
    for (const request of [0x5412, 0x541c]) assert.equal(answer(ioctl, 0, request), 0x00050001)
    assert.equal(answer(ioctl, 0, 0x5401), ALLOW)
    assert.equal(answer(clone, 0x10000000), 0x00050001)
    assert.equal(answer(clone, 0x11), ALLOW)
    assert.equal(run(filter, { arch: 1, number: read }), KILL)
  })
}

test('calls of the x32 ABI are absent: their numbers would not be those that were named', () => {
  const filter = syscallFilter('x64')
  assert.ok(filter)
  assert.equal(run(filter, { arch: 0xc000003e, number: 0x40000000 + 41 }), 0x00050026)
})

test('there is no filter for a machine that it was not written for', () => {
  assert.equal(syscallFilter('mips'), undefined)
})

// Holds the selectors of local processes: one written form each, and the sets that say nothing refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../../std/fault.ts'
import { isInterpreter } from './unix-interpreters.ts'
import { checkUnixSelectors, parseUnixSelector, unixSelector } from './unix-selectors.ts'

function refusal(selectors: readonly string[]): string | undefined {
  try {
    checkUnixSelectors(selectors)
    return undefined
  } catch (error) {
    assert.ok(error instanceof Fault)
    return error.code
  }
}

const SHA = 'ab'.repeat(32)

test('a set that names an account, and perhaps a program of its own, is taken', () => {
  for (const set of [
    ['unix:uid:1000'],
    ['unix:user:alice'],
    ['unix:gid:0'],
    ['unix:cgroup:/system.slice/mail.service'],
    ['unix:uid:1000', 'unix:path:/opt/agents/sorter', `unix:sha256:${SHA}`],
    ['unix:user:svc-1.mail$', 'unix:path:/opt/über uns/sorter (deleted)'],
  ]) {
    assert.equal(refusal(set), undefined, set.join(' '))
  }
})

test('a selector that names an interpreter is refused, alone and beside an account', () => {
  const names = `node nodejs node24 node-22 bun deno python python3 python3.13 python3.13t pypy3.10 perl perl5.36.0
    ruby3.1 php8.4 php-cgi8.2 lua5.4 bash dash sh zsh java Rscript dotnet busybox busybox.static env ld-linux-x86-64.so.2
    ld-musl-x86_64.so.1 ld-2.31.so qemu-x86_64-static qemu-aarch64 gawk tclsh8.6 wish8.6 sudo nsenter gdb`
  for (const name of names.split(/\s+/)) {
    assert.ok(isInterpreter(name), name)
    const path = `unix:path:/usr/bin/${name}`
    assert.equal(refusal([path]), 'unix.interpreter', name)
    assert.equal(refusal(['unix:uid:1000', path]), 'unix.interpreter', name)
  }
  for (const name of ['sorter', 'noded', 'pythonic', 'mail-node', 'claude', 'codex', 'bashful']) {
    assert.ok(!isInterpreter(name), name)
  }
})

test('a program without an account is refused: any account can run it with a library of its own', () => {
  assert.equal(refusal(['unix:path:/opt/agents/sorter']), 'unix.account')
  assert.equal(refusal([`unix:sha256:${SHA}`]), 'unix.account')
  assert.equal(refusal([]), 'unix.account')
})

test('a selector has one written form', () => {
  for (const text of [
    'unix:uid:01000',
    'unix:uid:-1',
    'unix:uid:4294967295',
    'unix:uid: 1000',
    'unix:uid:1e3',
    'unix:uid:',
    'unix:UID:1000',
    'unix:pid:1',
    'unix:script:/opt/agent.py',
    'unix:path:opt/agent',
    'unix:path:/opt/../bin/agent',
    'unix:path:/opt//agent',
    'unix:path:/opt/agent/',
    'unix:path:/opt/agent\n',
    'unix:path:/opt/\u001b[2Jagent',
    'unix:path:/',
    'unix:cgroup:/',
    'unix:cgroup:/../other',
    `unix:path:/${'a'.repeat(1_024)}`,
    `unix:sha256:${SHA.toUpperCase()}`,
    `unix:sha256:${SHA}0`,
    'unix:user:a b',
    'unix:user:alice\n',
    'oidc:sub:1000',
  ]) {
    assert.equal(parseUnixSelector(text), undefined, JSON.stringify(text))
    assert.equal(refusal([text]), 'unix.selector', JSON.stringify(text))
  }
  assert.equal(refusal(['unix:uid:1', 'unix:uid:2']), 'unix.selector')
})

test('what is written is read back as it was, whatever the value', () => {
  const name = fc.constantFrom('uid', 'user', 'gid', 'cgroup', 'path', 'sha256')
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.nat().map(String),
    fc.stringMatching(/^(?:\/[a-z.]{1,4}){1,4}$/),
  )
  fc.assert(
    fc.property(name, value, (of, text) => {
      const written = unixSelector(of, text)
      if (written === undefined) return
      assert.deepEqual(parseUnixSelector(written), { name: of, value: text })
    }),
  )
})

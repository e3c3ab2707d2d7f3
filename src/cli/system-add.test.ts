// Holds the tests of what `system add` reads: programs as the shell finds them, variables, and effect labels.

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeShell } from '../../test/fakes/shell.ts'
import { parseEffects } from './system-add.ts'
import { findProgram, parseEnvFile } from './system/program.ts'

test('a program is found on PATH or from this folder, and is one that can be run', (t) => {
  const { cwd } = new FakeShell(t)
  mkdirSync(join(cwd, 'bin', 'folder'), { recursive: true })
  writeFileSync(join(cwd, 'bin', 'server'), '#!/bin/sh\n')
  const env = { PATH: `:/nonexistent:${join(cwd, 'bin')}` }
  const refused = { code: 'cli.command_not_found' }
  assert.throws(() => findProgram('server', cwd, env), refused)
  chmodSync(join(cwd, 'bin', 'server'), 0o755)
  assert.equal(findProgram('server', cwd, env), join(cwd, 'bin', 'server'))
  assert.equal(findProgram('bin/server', cwd, {}), join(cwd, 'bin', 'server'))
  assert.equal(findProgram(join(cwd, 'bin/server'), '/', {}), join(cwd, 'bin', 'server'))
  assert.throws(() => findProgram('folder', cwd, env), refused)
  assert.throws(() => findProgram('server', cwd, { PATH: '' }), refused)
})

test('variables of a file are lines of NAME=VALUE, and a bad line is named without its words', () => {
  const text = '# comment\n\nexport A=1\nB = no\n'
  assert.throws(
    () => parseEnvFile(text, 'x.env'),
    (error: Error) => error.message.includes('line 4 of x.env') && !error.message.includes('no\n'),
  )
  assert.deepEqual(parseEnvFile('A=1\r\nB="two words"\nC=a=b\nD=\nE=\'\n', 'x'), {
    A: '1',
    B: 'two words',
    C: 'a=b',
    D: '',
    E: "'",
  })
})

test('effects are labels of one action; none at all means every effect, and unknown ones are refused', () => {
  assert.deepEqual(
    [...parseEffects(['read_file=read', 'a=b=write,external', 'odd='])],
    [
      ['read_file', ['read']],
      ['a=b', ['write', 'external']],
      ['odd', []],
    ],
  )
  for (const wrong of ['read', '=read', 'x=reed']) {
    assert.throws(() => parseEffects([wrong]), { code: 'cli.usage' })
  }
})

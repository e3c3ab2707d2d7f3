// Holds the tests of exit codes: a contract with scripts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../std/fault.ts'
import { exitCode } from './exit.ts'
import { fault } from './faults.ts'

function named(code: string, status: number): Fault {
  return new Fault(code, { status, next: 'x' }, 'x')
}

test('each kind of failure has its code', () => {
  assert.equal(exitCode(fault('cli.usage', 'x')), 2)
  assert.equal(exitCode(fault('cli.confirmation', 'x')), 2)
  assert.equal(exitCode(named('policy.denied', 403)), 3)
  assert.equal(exitCode(named('admit.locked', 403)), 3)
  assert.equal(exitCode(named('api.role', 403)), 3)
  assert.equal(exitCode(fault('cli.no_operator', 'x')), 4)
  assert.equal(exitCode(named('operator.signature', 401)), 4)
  assert.equal(exitCode(named('approval.pending', 202)), 5)
  assert.equal(exitCode(named('approval.expired', 403)), 5)
  assert.equal(exitCode(named('approval.denied', 403)), 3)
  assert.equal(exitCode(fault('cli.interrupted', 'x')), 130)
  assert.equal(exitCode(fault('cli.unreachable', 'x')), 1)
  assert.equal(exitCode(named('holder.wrong_authority', 403)), 1)
  assert.equal(exitCode(new Error('unforeseen')), 1)
})

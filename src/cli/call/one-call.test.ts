// Holds the tests of refusals of a call: which code and which status a person's command ends with.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCode } from '../exit.ts'
import { errorFault } from './one-call.ts'

function refusal(number: number, code: string) {
  return errorFault({
    code: number,
    message: 'm',
    data: { code, detail: 'd', next: 'n', call: 'c' },
  })
}

test('a refusal keeps its words and its call, and exits as its kind', () => {
  const denied = refusal(-32010, 'policy.denied')
  assert.equal(denied.code, 'policy.denied')
  assert.equal(denied.detail, 'd')
  assert.equal(denied.next, 'n')
  assert.equal((denied as { call?: string }).call, 'c')
  for (const [number, code, exit] of [
    [-32010, 'policy.denied', 3],
    [-32010, 'admit.locked', 3],
    [-32010, 'authenticate.unknown_certificate', 4],
    [-32011, 'approval.pending', 5],
    [-32010, 'approval.expired', 5],
    [-32012, 'upstream.died', 1],
    [-32013, 'audit.unavailable', 1],
    [-32602, 'resolve.bad_arguments', 1],
  ] as const) {
    assert.equal(exitCode(refusal(number, code)), exit, code)
  }
})

test('an error of the system itself is told with its number, and is no denial', () => {
  const error = errorFault({ code: -32000, message: 'no such table' })
  assert.equal(error.detail, 'no such table (-32000)')
  assert.equal(exitCode(error), 1)
})

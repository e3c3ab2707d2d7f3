// Holds the tests of exact integers: stand-ins take the place of what a double rounds, and of nothing else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withCedar } from '../library.ts'
import { exactText } from './integers.ts'

/** Every integer of a condition, as it is read in the end. */
function integersOf(condition: string): bigint[] {
  const text = `permit (principal, action, resource) when { ${condition} };`
  const exact = exactText(text)
  const answer = withCedar((cedar) => cedar.policyToJson(exact?.text ?? text))
  assert.ok(answer.type === 'success', JSON.stringify(answer))
  const out: bigint[] = []
  const walk = (json: unknown): void => {
    if (typeof json === 'number') out.push((exact?.integer ?? BigInt)(json))
    else if (typeof json === 'object' && json !== null)
      for (const inner of Object.values(json)) walk(inner)
  }
  walk(answer.json)
  return out
}

test('INV-12 integers of a policy are read as they are written', () => {
  const rows: [string, bigint[]][] = [
    ['1 == 2', [1n, 2n]],
    ['9007199254740993 == 9007199254740992', [9007199254740993n, 9007199254740992n]],
    ['-9223372036854775808 == 9223372036854775807', [-(2n ** 63n), 2n ** 63n - 1n]],
    ['- 9007199254740993 == 5', [-9007199254740993n, 5n]],
    ['--9007199254740993 == 5', [-9007199254740993n, 5n]],
    ['-(9007199254740993) == 5', [9007199254740993n, 5n]],
    ['00009007199254740993 == 0001', [9007199254740993n, 1n]],
    ['4000000000000000 == 9007199254740993', [4_000_000_000_000_000n, 9007199254740993n]],
    ['4000000000000001 == -9007199254740993', [4_000_000_000_000_001n, -9007199254740993n]],
  ]
  for (const [condition, expected] of rows) {
    const read = integersOf(condition)
    // A minus before brackets, or a second one, is an operation and no part of the literal.
    assert.deepEqual(read, expected, condition)
  }
})

test('digits inside strings, comments and names are left alone', () => {
  const text = `// 9007199254740993
@id("9007199254740993") permit (principal == User::"9007199254740993", action, resource)
when { context.a9007199254740993 == "\\"9007199254740993" && context.b == 9007199254740993 };`
  const exact = exactText(text)
  assert.ok(exact !== undefined)
  assert.equal(
    exact.text.split('9007199254740993').length,
    text.split('9007199254740993').length - 1,
  )
  assert.ok(exact.text.startsWith('// 9007199254740993\n@id("9007199254740993")'))
  assert.equal(exactText(text.replace('context.b == 9007199254740993', 'true')), undefined)
})

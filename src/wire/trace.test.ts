// Holds the tests of the parser of trace context.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traceContextOf, traceIdOf, traceparentOf, tracestateOf } from './trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

test('Trace Context §3.2.2 a traceparent of version 00 is read, and nothing that only looks like one', () => {
  assert.equal(traceIdOf(`00-${TRACE}-${PARENT}-01`), TRACE)
  for (const wrong of [
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-1`,
    ` 00-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01\n`,
    `ff-${TRACE}-${PARENT}-01`,
    '',
    7,
    null,
    [`00-${TRACE}-${PARENT}-01`],
  ]) {
    assert.equal(traceIdOf(wrong), undefined, String(wrong))
  }
})

test('Trace Context §3.2.2.3 a trace id or a parent id of zeros is invalid', () => {
  assert.equal(traceIdOf(`00-${'0'.repeat(32)}-${PARENT}-01`), undefined)
  assert.equal(traceIdOf(`00-${TRACE}-${'0'.repeat(16)}-01`), undefined)
})

test('Trace Context §3.2.4 a later version is read by its first parts', () => {
  assert.equal(traceIdOf(`01-${TRACE}-${PARENT}-01-what-comes`), TRACE)
  assert.equal(traceIdOf(`01-${TRACE}-${PARENT}-01what-comes`), undefined)
})

test('Trace Context §3.2.2.5.1 the sampled flag is read, whatever other flags are set, and written', () => {
  for (const [flags, sampled] of [
    ['00', false],
    ['01', true],
    ['02', false],
    ['ff', true],
  ] as const) {
    const read = traceContextOf(`00-${TRACE}-${PARENT}-${flags}`)
    assert.deepEqual(read, { trace: TRACE, span: PARENT, sampled })
    const written = traceparentOf(read!)
    assert.equal(written, `00-${TRACE}-${PARENT}-${sampled ? '01' : '00'}`)
  }
})

test('Trace Context §3.3.1.3 of a tracestate our own member alone is read, and only where it is a span', () => {
  const own = (state: unknown) => traceContextOf(`00-${TRACE}-${PARENT}-01`, state)?.own
  const span = tracestateOf({ trace: TRACE, span: PARENT, sampled: false })
  assert.equal(own(span), PARENT)
  assert.equal(own(`rojo=1, ${span} ,congo=2`), PARENT)
  for (const wrong of [
    undefined,
    7,
    '',
    'bailiwick=',
    'bailiwick=00F067AA0BA902B7',
    `bailiwick=${PARENT}0`,
    `notbailiwick=${PARENT}`,
    `x=bailiwick=${PARENT}`,
    `${'a=1,'.repeat(200)}${span}`,
  ]) {
    assert.equal(own(wrong), undefined, String(wrong))
  }
})

// Holds tests of the machine's timers: they fire, they can be called off, and long waits do not fire at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemTimer } from './timer.ts'

test('a timer fires once, unless it was called off, and a wait of a year does not end now', async () => {
  const fired: string[] = []
  const cancelYear = systemTimer.after(365 * 86_400_000, () => fired.push('year'))
  systemTimer.after(0, () => fired.push('cancelled'))()
  await new Promise<void>((resolve) => {
    const keepAlive = setInterval(() => undefined, 1_000)
    systemTimer.after(0, () => fired.push('now'))
    systemTimer.after(5, () => {
      clearInterval(keepAlive)
      resolve()
    })
  })
  assert.deepEqual(fired, ['now'])
  cancelYear()
})

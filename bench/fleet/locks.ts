// Holds the setting of many locks on a home before anything runs on it, by the authority itself.

import { openGround } from '../../src/server/ground.ts'
import { settings } from '../../src/server/settings.ts'
import { Stack } from '../../src/server/stack.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { uuidv7 } from '../../src/std/id.ts'
import { systemTimer } from '../../src/std/timer.ts'

/** Locks that are written at once. */
const BATCH = 64

/** Locks so many instances that are nobody's. */
export async function lockMany(home: string, count: number): Promise<void> {
  const stack = new Stack()
  const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }
  try {
    const { authority } = await openGround(settings({ home }, {}), machine, stack)
    const person = ''
    for (let done = 0; done < count; done += BATCH) {
      await Promise.all(
        Array.from({ length: Math.min(BATCH, count - done) }, () =>
          authority.locks.add({
            target: { kind: 'instance', name: uuidv7(systemClock, systemEntropy) },
            reason: 'one of many',
            person,
          }),
        ),
      )
    }
  } finally {
    await stack.close()
  }
}

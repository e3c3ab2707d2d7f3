// Holds the detectors of a home put to work: what surfaces see is judged, and what is found is answered.

import type { Authority } from '../authority/open.ts'
import { allRules, Detector } from '../detect/detector.ts'
import type { Observe } from '../wire/observation.ts'
import { respond, type LockOn } from './responses.ts'
import type { Stack } from './stack.ts'

/** The detectors of a home, whose findings are answered. What could not be answered is told in the operator's own log. */
export function watchful(
  of: {
    readonly authority: Authority
    readonly note: (event: string, facts: Readonly<Record<string, unknown>>) => void
    readonly lockOn: LockOn
  },
  stack: Stack,
): Observe {
  const { authority, note, lockOn } = of
  const answering = new Set<Promise<void>>()
  const detector = new Detector(allRules(), (finding, at) => {
    const answer = respond(authority, lockOn, finding, at)
      .catch((error: unknown) => {
        // Nobody was told: whoever does it again is answered again.
        detector.forget(finding.instance)
        note('trouble', { finding: finding.rule, error: String(error) })
      })
      .finally(() => answering.delete(answer))
    answering.add(answer)
  })
  // Who lifts a lock has looked at what was, not at what comes.
  stack.push(
    authority.locks.onChange((change, { target }) => {
      if (change === 'removed' && target.kind === 'instance') detector.forget(target.name)
    }),
  )
  const { agents, history } = authority
  const tripped = new Map<string, string>()
  stack.push(
    history.breakers.onTrip(({ agent, instance, what, count, most, at }) => {
      tripped.set(agent, instance)
      detector.observe({
        kind: 'breaker-tripped',
        at,
        agent,
        instance,
        place: '',
        what,
        count,
        most,
      })
    }),
  )
  stack.push(
    agents.onChange(({ name, state }) => {
      const instance = state === 'active' ? tripped.get(name) : undefined
      if (instance !== undefined) detector.forget(instance)
    }),
  )
  stack.push(async () => {
    await Promise.all(answering)
  })
  return (seen) => detector.observe(seen)
}

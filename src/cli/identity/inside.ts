// Holds how a command gets to the gateway from inside a district: the supervisor outside holds the identity, and there is none here.

import { Agent } from 'undici'
import type { Enrolment } from '../enrolment.ts'
import { address } from './pin.ts'

/** The variable by which a district tells its programs where the gateway is. */
export const DISTRICT_VARIABLE = 'BAILIWICK_DISTRICT'

/** The way of a program inside a district: what it sends goes out under the identity that the whole district has. */
export function insideEnrolment(agent: string, gateway: string): Enrolment {
  return {
    agent,
    enrol: () => {
      const { origin } = address(gateway)
      const connections = new Agent()
      return Promise.resolve({
        gateway: origin,
        holder: {
          identity: {
            instance: 'this district',
            spiffeId: '',
            trustDomain: '',
            notBefore: 0,
            notAfter: Infinity,
            lifeEnds: Infinity,
          },
          over: undefined,
          dispatcher: () => connections,
          // The supervisor ends the whole district, and this process with it.
          onEnded: () => () => undefined,
          close: () => connections.close(),
        },
      })
    },
  }
}

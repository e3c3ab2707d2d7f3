// Holds how a command gets to the gateway from inside a district: the supervisor outside holds the identity, and there is none here.

import { Agent } from 'undici'
import type { Enrolment } from '../enrolment.ts'
import { fault } from '../../server/holder/faults.ts'

/** The variable by which a district tells its programs where the gateway is. */
export const DISTRICT_VARIABLE = 'BAILIWICK_DISTRICT'

/** The way of a program inside a district: what it sends goes out under the identity that the whole district has. */
export function insideEnrolment(agent: string, gateway: string): Enrolment {
  return {
    agent,
    enrol: () => {
      const url = URL.parse(gateway)
      // Beyond its own loopback there is nothing, so another address was set by somebody who is not the supervisor.
      if (url === null || url.protocol !== 'http:' || url.hostname !== '127.0.0.1') {
        throw fault('holder.address', `${DISTRICT_VARIABLE} is not the address of a district`)
      }
      const { origin } = url
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

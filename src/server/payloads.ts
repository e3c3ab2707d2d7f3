// Holds the payloads of a home: what policy asks to be kept of calls, beside the log and under the keys of their people.

import { Payloads } from '../audit/side/payloads.ts'
import type { PayloadReading } from '../api/ports.ts'
import type { CommitmentPort } from '../gateway/ports.ts'
import { NOBODY } from '../store/rows/subject.ts'
import type { Ground, Machine } from './ground.ts'
import type { Stack } from './stack.ts'

/** Opens the keeping. What waits is written before an erasure, so that it is erased with the rest, and when the stack closes. */
export function openPayloads(
  {
    audit,
    authority,
    onTrouble,
    store,
  }: Pick<Ground, 'audit' | 'authority' | 'onTrouble' | 'store'>,
  machine: Machine,
  stack: Stack,
): Payloads {
  const { erasure, subjects } = authority
  const payloads = new Payloads({ ...machine, store, audit, subjects, onTrouble })
  stack.push(() => payloads.close())
  erasure.onErasing('payloads', () => payloads.flush())
  return payloads
}

/** Reading them, with the commitment that the records of their call have, made anew from what is shown. */
export function payloadReading(
  payloads: Pick<Payloads, 'of'>,
  commitments: CommitmentPort,
): PayloadReading {
  return {
    of: async (call) =>
      (await payloads.of(call)).map(({ subject, ...one }) => {
        if (one.text === undefined) return one
        const person = subject === NOBODY ? undefined : subject
        return { ...one, commitment: commitments.commit(one.text, person) }
      }),
  }
}

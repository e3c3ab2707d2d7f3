// Holds how a route answers that may change who governs: with what it changed, or with 202 and the change that waits (RFC 9110 §15.3.3).

import { stringifyJson, type Json } from '../../std/json.ts'
import type { Wish } from '../../authority/governance/draft.ts'
import type { PersonWord } from '../../authority/governance/governance.ts'
import type { ControlPorts } from '../ports.ts'
import { shownChange, type Change } from './shown.ts'

/** Does what somebody asks for and answers with it, or with the change that waits. */
export async function governed<T>(
  ports: Pick<ControlPorts, 'authority'>,
  wish: Wish,
  word: PersonWord,
  answer: (change: Change | undefined) => T | Promise<T>,
): Promise<T | Response> {
  const change = await ports.authority.governance.ask(wish, word)
  if (change === undefined || change.state === 'applied') return answer(change)
  const body = shownChange(ports, change, word.person)
  return new Response(stringifyJson(body as unknown as Json), {
    status: 202,
    headers: { 'content-type': 'application/json' },
  })
}

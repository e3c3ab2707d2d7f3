// Holds token exchange (RFC 8693): an instance narrows a token of its own, hands authority on, or takes up what it was handed.

import { Fault } from '../../../std/fault.ts'
import type { TokenHolder } from '../../../authority/tokens/ports.ts'
import type { LiveToken } from '../../../authority/tokens/view.ts'
import { GRANTS, TOKEN_TYPES } from '../../../wire/oauth.ts'
import { holderOf } from '../client/client.ts'
import { oauthFault } from '../faults.ts'
import type { Form } from '../form.ts'
import type { OAuthPorts } from '../ports.ts'
import type { Grant } from './grant.ts'
import { notYours } from './exchange/exchange.ts'
import { narrow } from './exchange/narrow.ts'
import { handOn } from './exchange/hand-on.ts'
import { takeUp } from './exchange/take-up.ts'

/** Types by which a token of ours may be called. */
const TYPES: readonly string[] = Object.values(TOKEN_TYPES)

/** Codes that say of the subject token that it carries nothing any more. */
const SPENT = new Set([
  'token.delegation_over',
  'token.not_its_delegation',
  'token.too_late',
  'token.unknown',
  'delegation.bound',
  'delegation.unknown',
  'delegation.not_yours',
  'delegation.over',
])

/**
 * The grant. Authority is read from our own record of the subject token and from our own chain of delegations: whatever `act`,
 * `sub` or `scope` a text holds is never looked at (INV-4).
 */
export function tokenExchange(
  ports: Pick<OAuthPorts, 'clock' | 'delegations' | 'resources' | 'tokens' | 'trustDomain'>,
): Grant {
  return {
    type: GRANTS.tokenExchange,
    publicClients: false,
    handle: async (call, client) => {
      const { form } = call
      const holder = holderOf(client)
      const subject = tokenOf(ports, form.need('subject_token'), form.need('subject_token_type'))
      checkTypes(form)
      checkActor(ports, form, holder)
      const exchange = { ...ports, call, form, holder, subject }
      try {
        if (subject.mayAct !== undefined) return await takeUp(exchange)
        if (subject.instance !== holder.id) throw notYours()
        return await (form.get('audience') === undefined ? narrow(exchange) : handOn(exchange))
      } catch (error) {
        // RFC 8693 §2.2.2: whatever is wrong with the subject token is `invalid_request`.
        if (!(error instanceof Fault) || !SPENT.has(error.code)) throw error
        throw oauthFault('oauth.subject_token', error.detail, error)
      }
    },
  }
}

function tokenOf(
  { tokens }: Pick<OAuthPorts, 'tokens'>,
  text: string,
  type: string,
): Readonly<LiveToken> {
  if (!TYPES.includes(type)) {
    throw oauthFault('oauth.subject_token', 'subject tokens of this type are not taken')
  }
  const found = tokens.find(text)
  if ('refused' in found) throw notYours()
  return found
}

function checkTypes(form: Form): void {
  const type = form.get('requested_token_type')
  if (type !== undefined && !TYPES.includes(type)) {
    throw oauthFault('oauth.parameter', 'tokens of the requested type are not issued')
  }
}

/** An actor token adds nothing here, since the client acts as itself; where one is sent, it has to be the client's own. */
function checkActor({ tokens }: Pick<OAuthPorts, 'tokens'>, form: Form, holder: TokenHolder): void {
  const text = form.get('actor_token')
  const type = form.get('actor_token_type')
  if (text === undefined && type === undefined) return
  if (text === undefined || type === undefined) {
    throw oauthFault('oauth.parameter', 'actor_token and actor_token_type belong together')
  }
  const found = TYPES.includes(type) ? tokens.find(text) : undefined
  const own = found !== undefined && !('refused' in found) && found.mayAct === undefined
  if (!own || found.instance !== holder.id) {
    throw oauthFault('oauth.actor_token', 'the actor token is not one of this client')
  }
}

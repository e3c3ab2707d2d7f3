// Holds what every kind of token exchange works on, and the one refusal of a subject token that is somebody else's.

import type { Fault } from '../../../../std/fault.ts'
import type { TokenHolder } from '../../../../authority/tokens/ports.ts'
import type { LiveToken } from '../../../../authority/tokens/view.ts'
import { oauthFault } from '../../faults.ts'
import type { Form } from '../../form.ts'
import type { OAuthPorts } from '../../ports.ts'
import type { TokenCall } from '../grant.ts'

/** What the three kinds of exchange work on. */
export type Exchange = Pick<
  OAuthPorts,
  'clock' | 'delegations' | 'resources' | 'tokens' | 'trustDomain'
> & {
  readonly call: TokenCall
  readonly form: Form
  /** The instance that asks, as itself. */
  readonly holder: TokenHolder
  /** What it hands in: a token of ours that is live. */
  readonly subject: Readonly<LiveToken>
}

/** The refusal of a subject token that belongs to somebody else; the same for every reason. */
export function notYours(): Fault {
  return oauthFault('oauth.subject_token', 'the subject token is not good for this client')
}

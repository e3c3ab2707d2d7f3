// Holds whose something is that the gateway keeps between requests: a session, a question, a cursor, a task.

import type { Actor } from '../../wire/actor.ts'
import type { Presented } from '../../wire/presented.ts'

/**
 * The caller, as one text: instance, delegation, and the key of the credential. Certificates are renewed with the instance that they
 * name, so that the instance stands for their keys; a token is known by the key that it is bound to.
 */
export function ownerOf(actor: Actor, presented: Presented): string {
  const { credential, delegation, instance } = actor
  const key =
    credential.kind === 'token' ? `token ${presented.jkt ?? credential.binding}` : credential.kind
  return JSON.stringify([instance, delegation?.id ?? '', key])
}

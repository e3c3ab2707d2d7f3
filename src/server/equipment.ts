// Holds what calls go out with: the credentials of a system, opened for one call and for no longer (INV-3).

import type { Secrets } from '../authority/secrets/secrets.ts'
import { NOTHING_EQUIPPED, type Equipment } from '../gateway/equipment.ts'
import type { CredentialPort } from '../gateway/ports.ts'

/** Fills the gateway's port from the sealed values of this home. */
export function credentialPort(secrets: Pick<Secrets, 'open' | 'names'>): CredentialPort {
  return {
    equip: ({ system }): Equipment => {
      if (system.transport.kind !== 'stdio') return NOTHING_EQUIPPED
      const environment = secrets.open(system.name)
      const values = Object.values(environment)
      if (values.length === 0) return NOTHING_EQUIPPED
      return { ...NOTHING_EQUIPPED, environment, secrets: values, used: secrets.names(system.name) }
    },
  }
}

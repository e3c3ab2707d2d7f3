// Holds the assertion of who the user is: a short JWT of ours for one token endpoint and nobody else.

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { uuidv7 } from '../../std/id.ts'
import type { TokenKey } from '../../keys/ring.ts'
import { writeJws } from '../../wire/jwt.ts'

/** How long an assertion holds (ms): it is exchanged at once. */
const LIFE_MS = 60_000

/** What assertions are made with. */
export interface SubjectPorts {
  readonly key: TokenKey
  readonly clock: Clock
  readonly entropy: Entropy
  /** URL of our authorization server, under which its keys are published. */
  readonly issuer: () => string
}

/** Makes assertions. */
export class Subjects {
  readonly #ports: SubjectPorts

  constructor(ports: SubjectPorts) {
    this.#ports = ports
  }

  /**
   * A JWT (RFC 7523 §3) about a person: `sub` the person, `aud` the token endpoint alone, `act` the agent that acts for them (RFC 8693
   * §4.1). Its type and subject are those of none of our own tokens, so that it opens nothing here.
   */
  about(person: string, of: { readonly audience: string; readonly actor: string }): string {
    const { key, clock, entropy, issuer } = this.#ports
    const now = clock.now()
    const payload = {
      iss: issuer(),
      sub: person,
      aud: of.audience,
      act: { sub: of.actor },
      iat: Math.floor(now / 1000),
      exp: Math.floor((now + LIFE_MS) / 1000),
      jti: uuidv7(clock, entropy),
    }
    return writeJws({ alg: 'ES256', kid: key.keyId, typ: 'JWT' }, payload, (data) => key.sign(data))
  }
}

// Holds the one-time links by which a person whose program is known opens a session in a browser.

import { base64url, sha256 } from '../../std/bytes.ts'
import { faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { AuthorityPorts } from '../ports.ts'
import type { People } from '../registry/people.ts'
import { SESSION_FAULTS } from './faults.ts'
import { Pending } from './pending.ts'

const fault = faults(SESSION_FAULTS)

/** How long a link can be opened (ms). */
const LINK_MS = 600_000
/** Links of everybody that wait at once. */
const MOST = 1_000

interface Link {
  readonly id: string
  /** Person id. */
  readonly person: string
}

/** The links that wait. In memory alone: a server that was stopped opens none of them any more. */
export class Links {
  readonly #ports: Pick<AuthorityPorts, 'audit' | 'clock' | 'entropy'>
  readonly #people: Pick<People, 'get'>
  readonly #waiting: Pending<Link>

  constructor(
    ports: Pick<AuthorityPorts, 'audit' | 'clock' | 'entropy'>,
    people: Pick<People, 'get'>,
  ) {
    this.#ports = ports
    this.#people = people
    this.#waiting = new Pending(ports.clock, { most: MOST, lifeMs: LINK_MS })
  }

  /** Makes a link for a person, in place of the one that they had. Only the answer ever holds the secret. */
  async issue(
    person: string,
  ): Promise<{ readonly secret: string; /** ms since the epoch. */ readonly expiresAt: number }> {
    if (this.#people.get(person) === undefined) {
      throw fault('session.nobody', 'the person is no longer here')
    }
    const { audit, clock, entropy } = this.#ports
    const id = uuidv7(clock, entropy)
    await audit.append({
      type: 'login.link_issued',
      phase: 'admin',
      person,
      body: { link: id },
    })
    this.forget(person)
    const secret = base64url(entropy.bytes(32))
    return { secret, expiresAt: this.#waiting.put(keyOf(secret), { id, person }) }
  }

  /** Uses a link up and answers whose it is (person id). Throws `login.link` for every other secret, and for one used before. */
  async open(secret: string): Promise<string> {
    // Gone before anything is awaited: of two who come with it at once, one is let in.
    const link = this.#waiting.take(keyOf(secret))
    if (link === undefined || this.#people.get(link.person) === undefined) {
      throw fault('login.link', 'this link was used, has ended, or never was')
    }
    await this.#ports.audit.append({
      type: 'login.link_used',
      phase: 'admin',
      person: link.person,
      body: { link: link.id },
    })
    return link.person
  }

  /** Takes away the links of a person. */
  forget(person: string): void {
    this.#waiting.remove((link) => link.person === person)
  }
}

function keyOf(secret: string): string {
  return base64url(sha256(secret))
}

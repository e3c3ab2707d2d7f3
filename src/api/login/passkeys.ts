// Holds the ceremonies of passkeys (WebAuthn level 3): what is asked of an authenticator, and what its answer has to prove.

import { base64url, fromBase64url } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { Fault } from '../../std/fault.ts'
import { Pending } from '../../authority/sessions/pending.ts'
import type { PasskeyAssertion, PasskeyRegistration } from '../../wire/api/login.ts'
import { presenceDigest, type PresenceAsk, type PresenceProof } from '../../wire/presence.ts'
import { fault } from '../faults.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'

/** How long a challenge can be answered (ms). */
const CHALLENGE_MS = 300_000
/** EdDSA, ES256 and RS256 (COSE): what authenticators have. */
const ALGORITHMS = [-8, -7, -257]
/** Challenges that wait at once. */
const MOST = 1_000

/** What a challenge was made for: nobody's answer to one is an answer to another. */
type Purpose = 'login' | `register:${string}` | `presence:${string}` | `agree:${string}`

/** Passkeys as this listener asks for them. The library is loaded when the first is used. */
export class Passkeys {
  readonly #people: ControlPorts['authority']['people']
  readonly #clock: Clock
  readonly #entropy: Entropy
  readonly #origin: () => string
  readonly #challenges: Pending<Purpose>
  /** Those for people who are signed in, apart: whoever is nobody fills the others and keeps nobody from showing presence. */
  readonly #ofSessions: Pending<Purpose>

  constructor(ports: Pick<ControlPorts, 'authority' | 'clock' | 'entropy' | 'server'>) {
    this.#people = ports.authority.people
    this.#clock = ports.clock
    this.#entropy = ports.entropy
    this.#origin = () => ports.server.facts().listeners.control
    this.#challenges = new Pending(ports.clock, { most: MOST, lifeMs: CHALLENGE_MS })
    this.#ofSessions = new Pending(ports.clock, { most: MOST, lifeMs: CHALLENGE_MS })
  }

  /** The relying party: the host that people have in their browser, which is no address, since one cannot hold a passkey. */
  #rpId(): string {
    return new URL(this.#origin()).hostname
  }

  /** What to ask `navigator.credentials.create` for, within a session. */
  async registration(person: Person, session: string) {
    const { generateRegistrationOptions } = await library()
    return generateRegistrationOptions({
      rpName: 'Bailiwick',
      rpID: this.#rpId(),
      userName: person.name,
      userDisplayName: person.name,
      userID: new Uint8Array(Buffer.from(person.id)),
      challenge: this.#challenge(`register:${session}`),
      timeout: CHALLENGE_MS,
      attestationType: 'none',
      supportedAlgorithmIDs: ALGORITHMS,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: (person.passkeys ?? []).map(({ id }) => ({ id })),
    })
  }

  /** Registers what the authenticator made, to the person of the session in which it was asked for. */
  async register(person: Person, session: string, response: PasskeyRegistration): Promise<Person> {
    const { verifyRegistrationResponse } = await library()
    const { registrationInfo } = await this.#verified(() =>
      verifyRegistrationResponse({
        response,
        expectedChallenge: (challenge) => this.#isOurs(challenge, `register:${session}`),
        expectedOrigin: this.#origin(),
        expectedRPID: this.#rpId(),
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    )
    if (registrationInfo === undefined) throw refused()
    const { id, publicKey, counter } = registrationInfo.credential
    return this.#people.addPasskey(person.id, {
      id,
      publicKey: base64url(publicKey),
      counter,
      transports: response.response.transports,
      createdAt: this.#clock.now(),
    })
  }

  /** What to ask `navigator.credentials.get` for when nobody is signed in: any passkey of ours that the browser has. */
  async login() {
    return this.#request('login')
  }

  /** The person whose passkey answered. Every reason why there is none looks the same. */
  async loggedIn(response: PasskeyAssertion): Promise<Person> {
    return this.#used(response, 'login')
  }

  /** What to ask for in a session, to know that its person is there. */
  async presence(person: Person, session: string) {
    return this.#request(`presence:${session}`, person)
  }

  /** Throws unless a passkey of this very person answered. */
  async isPresent(person: Person, session: string, response: PasskeyAssertion): Promise<void> {
    await this.#used(response, `presence:${session}`, person.id)
  }

  /** What to ask for in a session so that its person signs this very call at one gate. */
  async agreement(person: Person, session: string, ask: PresenceAsk) {
    return this.#request(agreeing(session, ask), person, presenceDigest(ask))
  }

  /** What their passkey signed. Throws unless it is one of this very person, and signed what is asked now. */
  async agreed(
    person: Person,
    session: string,
    ask: PresenceAsk,
    response: PasskeyAssertion,
  ): Promise<PresenceProof> {
    await this.#used(response, agreeing(session, ask), person.id)
    const { authenticatorData, clientDataJSON, signature } = response.response
    return { passkey: response.id, authenticatorData, clientDataJSON, signature }
  }

  /** `about` stands behind the random bytes of the challenge: what is signed by signing it. */
  async #request(purpose: Purpose, person?: Person, about?: Uint8Array) {
    const { generateAuthenticationOptions } = await library()
    return generateAuthenticationOptions({
      rpID: this.#rpId(),
      challenge: this.#challenge(purpose, about),
      timeout: CHALLENGE_MS,
      userVerification: 'required',
      ...(person !== undefined && {
        allowCredentials: (person.passkeys ?? []).map(({ id }) => ({ id })),
      }),
    })
  }

  async #used(response: PasskeyAssertion, purpose: Purpose, only?: string): Promise<Person> {
    const { verifyAuthenticationResponse } = await library()
    const person = this.#people.byPasskey(response.id)
    const passkey = person?.passkeys?.find(({ id }) => id === response.id)
    const publicKey = passkey === undefined ? undefined : fromBase64url(passkey.publicKey)
    if (person === undefined || passkey === undefined || publicKey === undefined) throw refused()
    const { userHandle } = response.response
    // A discoverable credential says whose it is: that has to be the one whom we know it by (WebAuthn §7.2 step 6).
    const handle = base64url(Buffer.from(person.id))
    if (only === undefined ? userHandle !== handle : only !== person.id) throw refused()
    if (userHandle !== undefined && userHandle !== handle) throw refused()
    const { verified, authenticationInfo } = await this.#verified(() =>
      verifyAuthenticationResponse({
        response: {
          ...response,
          response: {
            ...response.response,
            ...(userHandle !== undefined && { userHandle }),
          } as never,
        },
        expectedChallenge: (challenge) => this.#isOurs(challenge, purpose),
        expectedOrigin: this.#origin(),
        expectedRPID: this.#rpId(),
        // Compared by `usePasskey`, within the turn that writes it.
        credential: { id: passkey.id, publicKey: new Uint8Array(publicKey), counter: 0 },
        requireUserVerification: true,
      }),
    )
    if (!verified) throw refused()
    return this.#people.usePasskey(person.id, passkey.id, authenticationInfo.newCounter)
  }

  #challenge(purpose: Purpose, about: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Buffer.concat([this.#entropy.bytes(32), about]))
    this.#waiting(purpose).put(base64url(bytes), purpose)
    return bytes
  }

  /** Used up by being looked at, whatever it was for. */
  #isOurs(challenge: string, purpose: Purpose): boolean {
    return this.#waiting(purpose).take(challenge) === purpose
  }

  #waiting(purpose: Purpose): Pending<Purpose> {
    return purpose === 'login' ? this.#challenges : this.#ofSessions
  }

  async #verified<R>(verify: () => Promise<R>): Promise<R> {
    try {
      return await verify()
    } catch (cause) {
      if (cause instanceof Fault) throw cause
      throw refused(cause)
    }
  }
}

/** All of what is agreed to, so that an answer given for one call or gate is none for another. */
function agreeing(session: string, ask: PresenceAsk): Purpose {
  return `agree:${session}:${base64url(presenceDigest(ask))}`
}

function refused(cause?: unknown): Fault {
  return fault('login.passkey', 'this passkey does not open anything here', cause)
}

function library() {
  return import('@simplewebauthn/server')
}

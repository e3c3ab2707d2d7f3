// Holds a home in which workloads are attested: a real registry, real trust sources, real evidence; only time stands still.

import { sign } from 'node:crypto'
import { Attestors } from '../../src/authority/identity/attest/attestors.ts'
import { checkRequest } from '../../src/authority/identity/csr.ts'
import { base64url } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import type { IssuedIdentity } from '../../src/wire/identity.ts'
import { challengeInput } from '../../src/wire/attest.ts'
import { ControlHome } from './control.ts'
import type { FleetMember } from './fleet.ts'
import { fakeRequest, p256 } from './identity.ts'

/** One home, with the agent `builder`, which acts unattended. */
export class Attesting implements AsyncDisposable {
  readonly home: ControlHome
  readonly attestors: Attestors

  private constructor(home: ControlHome) {
    this.home = home
    const { authority, clock } = home
    this.attestors = new Attestors({ sources: authority.trust, clock, entropy: systemEntropy })
  }

  static async open(): Promise<Attesting> {
    const home = await ControlHome.open()
    // Ahead of openssl, whose certificates begin when they are made.
    home.clock.setWall(systemClock.now() + 60_000)
    const attesting = new Attesting(home)
    await attesting.agent('builder')
    return attesting
  }

  get now(): number {
    return this.home.clock.now()
  }

  get by(): { readonly person: string; readonly reason: string } {
    return { person: this.home.ada.id, reason: 'is tested' }
  }

  async agent(name: string): Promise<void> {
    const agent = { name, owner: this.home.ada.id, purpose: 'is tested', roles: [] }
    await this.home.authority.agents.register({ ...agent, unattended: true }, this.by)
  }

  /** Registers `builder`, or another agent, by selectors of a source. */
  register(selectors: readonly string[], source = 'ci', agent = 'builder', more = {}) {
    const [attestor] = (selectors[0] ?? '').split(':') as ['oidc' | 'x509pop']
    const { registrations } = this.home.identities
    return registrations.register({ agent, attestor, source, selectors, ...more }, this.home.ada.id)
  }

  /** Shows a token and enrols, as `POST /v1/attest` does. */
  async byToken(token: string, more = {}, source = 'ci'): Promise<IssuedIdentity> {
    const csr = fakeRequest(p256())
    const attested = await this.attestors.attest({ attestor: 'oidc', source, token, csr })
    const { publicKey } = checkRequest(csr)
    return this.home.identities.enrolAttested({ attested, publicKey, ...more })
  }

  /** Asks for a challenge, signs it with a certificate's key, and enrols; `change` gets parts of it wrong. */
  async byCertificate(
    member: Pick<FleetMember, 'certificate' | 'key'>,
    change: {
      readonly csr?: string
      readonly challenge?: string
      readonly signedFor?: string
    } = {},
    source = 'fleet',
  ): Promise<IssuedIdentity> {
    const csr = fakeRequest(p256())
    const asked = { attestor: 'x509pop', source, csr } as const
    const { challenge } = this.attestors.challenge(asked)
    const shown = change.challenge ?? challenge
    const sent = change.csr ?? csr
    const input = challengeInput(shown, change.signedFor ?? sent)
    const hash = /BEGIN PRIVATE/.test(member.key) ? 'sha256' : null
    const attested = await this.attestors.attest({
      ...asked,
      csr: sent,
      certificates: member.certificate,
      challenge: shown,
      signature: base64url(sign(hash, input, member.key)),
    })
    const { publicKey } = checkRequest(sent)
    return this.home.identities.enrolAttested({ attested, publicKey })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home.close()
  }
}

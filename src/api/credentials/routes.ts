// Holds the routes of credentials: stored, rotated and removed by people, shown without their values.

import { z } from 'zod'
import { faults } from '../../std/fault.ts'
import { AUTHORITY_FAULTS } from '../../authority/faults.ts'
import {
  Credential,
  CredentialKeys,
  CredentialName,
  CredentialRemoved,
  CredentialsAnswer,
  RotateCredential,
  SetCredential,
} from '../../wire/api/credential.ts'
import { BecauseRequest, Name } from '../../wire/api/text.ts'
import { namesOf } from '../../wire/upstream-auth.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { serveConnect } from './connect.ts'
import { serveUpstreamConsents } from './consents.ts'
import { shownCredential } from './shown.ts'

const fault = faults(AUTHORITY_FAULTS)
const DAY = 86_400_000

const params = z.strictObject({ system: Name, name: CredentialName })

/** Serves credentials. */
export function serveCredentials(surface: Surface, ports: ControlPorts): void {
  serveReading(surface, ports)
  serveWriting(surface, ports)
  serveKeys(surface, ports)
  serveUpstreamConsents(surface, ports)
  serveConnect(surface, ports)
}

function serveReading(surface: Surface, { authority }: ControlPorts): void {
  surface.closed(
    'GET /v1/credentials',
    {
      summary: 'What is known of credentials, by system and name; never their values',
      query: z.strictObject({ system: Name.optional() }),
      answer: CredentialsAnswer,
    },
    ({ query }) => ({
      credentials: authority.secrets
        .list(query.system)
        .map((secret) => shownCredential(authority, secret)),
    }),
  )
  surface.closed(
    'GET /v1/credentials/{system}/{name}',
    { summary: 'What is known of one credential', params, answer: Credential },
    ({ params: { system, name } }) => shown({ authority }, system, name),
  )
}

function serveWriting(surface: Surface, { authority }: ControlPorts): void {
  const { secrets } = authority
  surface.closed(
    'POST /v1/credentials/{system}/{name}',
    {
      summary: 'Store a value, or where it is kept',
      params,
      body: SetCredential,
      answer: Credential,
    },
    async ({ params: { system, name }, body, person }) => {
      checkNeeded({ authority }, system, name)
      const { value, reference, rotate_every_days: days, expires_at: ends } = body
      const terms = {
        person: person.id,
        rotateEveryMs: typeof days === 'number' ? days * DAY : days,
        expiresAt: ends === undefined ? undefined : Date.parse(ends),
      }
      if (value !== undefined) await secrets.put(system, name, value, terms)
      else await secrets.refer(system, name, reference ?? '', terms)
      return shown({ authority }, system, name)
    },
  )
  surface.closed(
    'POST /v1/credentials/{system}/{name}/rotate',
    {
      summary: 'Store a new value, or say that it was replaced at its provider',
      params,
      body: RotateCredential,
      answer: Credential,
    },
    async ({ params: { system, name }, body: { value }, person }) => {
      const word = { person: person.id }
      const before = secrets.get(system, name)
      if (before === undefined) throw fault('secret.unknown', 'the system has no such credential')
      if (value === undefined) await secrets.rotated(system, name, word)
      else await secrets.put(system, name, value, word)
      if (value !== undefined && secrets.get(system, name)?.version === (before.version ?? 1)) {
        throw fault('secret.same', 'this is the value that is stored already')
      }
      return shown({ authority }, system, name)
    },
  )
  surface.closed(
    'POST /v1/credentials/{system}/{name}/remove',
    {
      summary: 'Remove a value: calls that need it are refused',
      params,
      body: BecauseRequest,
      answer: CredentialRemoved,
    },
    async ({ params: { system, name }, body: { reason }, person }) => {
      await secrets.remove(system, name, { person: person.id, reason })
      return { system, name }
    },
  )
}

function serveKeys(surface: Surface, { authority }: ControlPorts): void {
  const { keyRotation } = authority
  const state = () => ({
    current: keyRotation.state.current,
    retired: [...keyRotation.state.retired],
  })
  surface.closed(
    'GET /v1/credential-keys',
    { summary: 'The keys that credentials are sealed under', answer: CredentialKeys },
    state,
  )
  surface.closed(
    'POST /v1/credential-keys/rotate',
    {
      summary: 'Seal under another key; what there is is wrapped anew in the background',
      body: BecauseRequest,
      answer: CredentialKeys,
    },
    async ({ body: { reason }, person }) => {
      await keyRotation.rotate({ person: person.id, reason })
      return state()
    },
  )
}

function shown(
  { authority }: Pick<ControlPorts, 'authority'>,
  system: string,
  name: string,
): Credential {
  const secret = authority.secrets.get(system, name)
  if (secret === undefined) throw fault('secret.unknown', 'the system has no such credential')
  return shownCredential(authority, secret)
}

/** A value that no transport names would lie there unused, and most often its name is a slip. Throws `secret.unneeded`. */
function checkNeeded(
  { authority }: Pick<ControlPorts, 'authority'>,
  system: string,
  name: string,
): void {
  const { transport } = authority.systems.find(system).definition
  const needed =
    transport.kind === 'stdio' ? transport.env : 'auth' in transport ? namesOf(transport.auth) : []
  if (needed.includes(name)) return
  const said = needed.length === 0 ? 'none at all' : needed.slice(0, 16).join(', ')
  throw fault('secret.unneeded', `${system} needs no credential of this name; it names ${said}`)
}

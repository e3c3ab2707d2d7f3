// Holds `trust`: issuers and certificate authorities of others whose word counts here, added, listed and removed.

import type { Command } from 'commander'
import type { Json } from '../std/json.ts'
import { TrustAnswer, TrustSource } from '../wire/api/trust.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'
import { textFile } from './text-file.ts'

function drawSources(sources: readonly TrustSource[], surface: Surface, now: number): string {
  return table(
    ['NAME', 'KIND', 'ISSUER', 'AUDIENCE', 'AUTHORITIES', 'SINCE'],
    sources.map((one) => [
      one.name,
      one.kind,
      one.issuer ?? '',
      one.audience ?? '',
      one.authorities.map((fingerprint) => fingerprint.slice(0, 16)).join(' '),
      when(one.created_at, now),
    ]),
    surface,
  )
}

interface Reason {
  readonly reason?: string
}

interface OidcOptions extends Reason {
  readonly issuer: string
  readonly audience: string
  readonly ca?: string
}

interface LoginOptions extends Reason {
  readonly issuer: string
  readonly clientId: string
  readonly secretFile?: string
  readonly group?: readonly string[]
  readonly groupsClaim?: string
  readonly groupsMaxAge?: string
}

async function send(context: Context, said: Record<string, Json | undefined>, options: Reason) {
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const source = await control.send('POST', '/v1/trust', { ...said, reason }, TrustSource)
  const { screen } = context
  screen.answer(source, (surface) => drawSources([source], surface, screen.now))
}

async function oidc(context: Context, name: string, options: OidcOptions): Promise<void> {
  const { issuer, audience, ca } = options
  const certificates = ca === undefined ? undefined : textFile(context, ca)
  await send(context, { kind: 'attest-oidc', name, issuer, audience, certificates }, options)
}

async function signals(
  context: Context,
  name: string,
  options: OidcOptions & { readonly login: string },
): Promise<void> {
  const { issuer, audience, ca, login: from } = options
  const certificates = ca === undefined ? undefined : textFile(context, ca)
  await send(
    context,
    { kind: 'signals', name, issuer, audience, login: from, certificates },
    options,
  )
}

async function x509(context: Context, name: string, options: Reason & { readonly ca: string }) {
  const certificates = textFile(context, options.ca)
  await send(context, { kind: 'attest-x509', name, certificates }, options)
}

async function login(context: Context, name: string, options: LoginOptions): Promise<void> {
  const { issuer, clientId, secretFile, groupsClaim, groupsMaxAge } = options
  const secret = secretFile === undefined ? undefined : textFile(context, secretFile).trim()
  await send(
    context,
    {
      kind: 'login',
      name,
      issuer,
      client_id: clientId,
      client_secret: secret,
      group_roles: groupRoles(options.group ?? []),
      groups_claim: groupsClaim,
      groups_max_age_s: groupsMaxAge === undefined ? undefined : seconds(groupsMaxAge),
    },
    options,
  )
}

/** `operators=operator`, several times for several roles. */
function groupRoles(pairs: readonly string[]): Record<string, string[]> {
  const out = new Map<string, string[]>()
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=')
    if (at < 1) throw fault('cli.usage', '--group takes GROUP=ROLE')
    const group = pair.slice(0, at)
    out.set(group, [...(out.get(group) ?? []), pair.slice(at + 1)])
  }
  return Object.fromEntries(out)
}

function seconds(text: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text) ?? []
  if (count === undefined) throw fault('cli.usage', '--groups-max-age takes 30m, 12h or 7d')
  return Number(count) * (unit === 'm' ? 60 : unit === 'h' ? 3_600 : 86_400)
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/trust', TrustAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => drawSources(answer.sources, surface, screen.now))
}

async function remove(context: Context, name: string, options: Reason): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const path = target(['v1', 'trust', name, 'remove'])
  const answer = await control.send('POST', path, { reason }, TrustSource)
  context.screen.answer(answer, () => `no longer trusted: ${answer.name}\n`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const why = ['--reason <text>', 'why; stands in the record'] as const
  const trust = program
    .command('trust')
    .description('issuers and authorities of others that count here: add, list, remove')
  const add = trust.command('add').description('trust a source')
  add
    .command('oidc <name>')
    .description('tokens of workloads: a CI system, a Kubernetes cluster')
    .requiredOption('--issuer <url>', 'the issuer, exactly as its tokens name it')
    .requiredOption(
      '--audience <audience>',
      'the audience of tokens that are meant for this Bailiwick',
    )
    .option('--ca <file>', 'PEM of the authorities of its server, where those are not public')
    .option(...why)
    .action((name: string, options: OidcOptions) => oidc(context, name, options))
  add
    .command('x509 <name>')
    .description('certificates of a fleet: an enterprise’s own authority')
    .requiredOption('--ca <file>', 'PEM of its certificate authorities')
    .option(...why)
    .action((name: string, options: Reason & { ca: string }) => x509(context, name, options))
  add
    .command('login <name>')
    .description('logins of people: an OpenID Connect provider')
    .requiredOption('--issuer <url>', 'the provider')
    .requiredOption('--client-id <id>', 'our client id there')
    .option('--secret-file <file>', 'our client secret there, in a file')
    .option('--group <group=role>', 'a role for a group; may be repeated', repeated)
    .option('--groups-claim <name>', 'the claim that lists groups (default: groups)')
    .option('--groups-max-age <time>', 'how long groups hold after a login: 30m, 12h, 7d')
    .option(...why)
    .action((name: string, options: LoginOptions) => login(context, name, options))
  add
    .command('signals <name>')
    .description('security events of an identity provider (SSF, CAEP): sessions that it revokes')
    .requiredOption('--issuer <url>', 'the transmitter, exactly as its events name it')
    .requiredOption('--audience <audience>', 'the audience that its events have for you')
    .requiredOption('--login <name>', 'the source of logins whose people they are about')
    .option('--ca <file>', 'PEM of the authorities of its server, where those are not public')
    .option(...why)
    .action((name: string, options: OidcOptions & { login: string }) =>
      signals(context, name, options),
    )
  trust
    .command('ls')
    .description('list trust sources')
    .action(() => list(context))
  trust
    .command('rm <name>')
    .description('trust a source no more, and end the instances that it vouched for')
    .option(...why)
    .action((name: string, options: Reason) => remove(context, name, options))
}

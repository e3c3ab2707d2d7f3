// Holds `enforcer`: programs of others that ask for decisions and enforce them, registered, listed, revoked, tried out.

import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import type { Command } from 'commander'
import { Enforcer, EnforcersAnswer } from '../wire/api/enforcer.ts'
import { writeJws } from '../wire/jwt.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { momentOf } from './moment.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'
import { textFile } from './text-file.ts'

/** Life of an assertion that is made here (s). */
const ASSERTION_S = 300

function draw(enforcers: readonly Enforcer[], surface: Surface, now: number): string {
  return table(
    ['NAME', 'SYSTEMS', 'KEY', 'ENDS'],
    enforcers.map(({ name, systems, key, expires_at: ends }) => [
      name,
      systems.join(' '),
      key.slice(0, 16),
      when(ends, now),
    ]),
    surface,
  )
}

interface AddOptions {
  readonly system: readonly string[]
  readonly publicKey: string
  readonly until?: string
  readonly reason?: string
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const { screen } = context
  const { until } = options
  const body = {
    name,
    public_key: textFile(context, options.publicKey),
    systems: [...options.system],
    expires_at: until === undefined ? undefined : momentOf('--until', until, screen.now),
    reason: await reasonOf(context, options.reason),
  }
  const enforcer = await (await context.control()).send('POST', '/v1/enforcers', body, Enforcer)
  screen.answer(enforcer, (surface) => draw([enforcer], surface, screen.now))
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/enforcers', EnforcersAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer.enforcers, surface, screen.now))
  screen.say(`assertions have to name the audience ${answer.audience}`)
}

async function show(context: Context, name: string): Promise<void> {
  const { enforcers } = await (await context.control()).get('/v1/enforcers', EnforcersAnswer)
  const enforcer = enforcers.find((one) => one.name === name)
  if (enforcer === undefined) {
    throw fault('cli.enforcer', `there is no enforcer \`${name}\` that may ask`)
  }
  const { screen } = context
  screen.answer(enforcer, (surface) => draw([enforcer], surface, screen.now))
}

async function revoke(context: Context, name: string, options: { readonly reason?: string }) {
  const reason = await reasonOf(context, options.reason)
  const path = target(['v1', 'enforcers', name, 'revoke'])
  const answer = await (await context.control()).send('POST', path, { reason }, Enforcer)
  context.screen.answer(answer, () => `revoked: ${answer.name}\n`)
}

function privateKeyOf(text: string): { readonly key: KeyObject; readonly alg: string } {
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch (cause) {
    throw fault('cli.file', 'this is no private key in PEM', cause)
  }
  if (key.asymmetricKeyType === 'ed25519') return { key, alg: 'EdDSA' }
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return { key, alg: 'ES256' }
  throw fault('cli.file', 'the key is neither on P-256 nor Ed25519')
}

/** An assertion, made here with a key that stays here. */
async function token(context: Context, name: string, options: { readonly key: string }) {
  const { key, alg } = privateKeyOf(textFile(context, options.key))
  const { audience } = await (await context.control()).get('/v1/enforcers', EnforcersAnswer)
  const now = Math.floor(context.screen.now / 1000)
  const times = { iat: now, exp: now + ASSERTION_S }
  const assertion = writeJws(
    { alg, typ: 'JWT' },
    { iss: name, sub: name, aud: audience, ...times },
    (signed) =>
      new Uint8Array(
        sign(alg === 'ES256' ? 'sha256' : null, signed, { key, dsaEncoding: 'ieee-p1363' }),
      ),
  )
  const answer = { token: assertion, expires_in: ASSERTION_S }
  context.screen.answer(answer, () => `${assertion}\n`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const why = ['--reason <text>', 'why; stands in the record'] as const
  const enforcer = program
    .command('enforcer')
    .description('programs that ask for decisions and enforce them: add, ls, show, revoke, token')
  enforcer
    .command('add <name>')
    .description('register a program by its public key, for its own systems alone')
    .requiredOption('--system <name...>', 'systems that it stands in front of')
    .requiredOption('--public-key <file>', 'its public key, PEM: P-256 or Ed25519')
    .option('--until <when>', 'when it may ask no longer (default: in 90 days; at most a year)')
    .option(...why)
    .action((name: string, options: AddOptions) => add(context, name, options))
  enforcer
    .command('ls')
    .alias('list')
    .description('programs that may ask')
    .action(() => list(context))
  enforcer
    .command('show <name>')
    .description('one of them')
    .action((name: string) => show(context, name))
  enforcer
    .command('revoke <name>')
    .description('let it ask no longer, from now on')
    .option(...why)
    .action((name: string, options: { readonly reason?: string }) => revoke(context, name, options))
  enforcer
    .command('token <name>')
    .description('an assertion of five minutes, made here with its private key, for trying out')
    .requiredOption('--key <file>', 'its private key, PEM; it is read here and sent nowhere')
    .action((name: string, options: { readonly key: string }) => token(context, name, options))
}

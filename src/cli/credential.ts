// Holds `credential`: what systems are called with; stored from standard input, a file or a prompt, and never shown.

import type { Command } from 'commander'
import {
  ConnectedAnswer,
  Credential,
  CredentialKeys,
  CredentialRemoved,
  CredentialsAnswer,
  Disconnected,
} from '../wire/api/credential.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { momentOf } from './moment.ts'
import { reasonOf } from './reason.ts'
import { askSecret, canAsk } from './terminal/ask.ts'
import { drawConsents, drawCredential, drawCredentials } from './terminal/credential.ts'
import { textFile } from './text-file.ts'
import { wholeInput } from './whole-input.ts'

interface SetOptions {
  readonly file?: string
  readonly ref?: string
  readonly rotateEvery?: string
  readonly expires?: string
}

/** One line feed at the end belongs to the file and not to the value. */
function withoutEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

/** The value: of a file, of standard input, or asked for. Never of the command line, which every process here can read. */
async function valueOf(context: Context, what: string, file: string | undefined): Promise<string> {
  const { shell, asking } = context
  if (file !== undefined && file !== '-') return withoutEnd(textFile(context, file))
  if (file === '-' || shell.stdin.isTTY !== true) {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await wholeInput(shell))
    if (text === '') throw fault('cli.usage', 'standard input is empty: the value stands there')
    return withoutEnd(text)
  }
  if (canAsk(shell, asking)) return askSecret(shell, `Value of ${what}`)
  throw fault('cli.usage', 'no value: give --file FILE, or the value on standard input')
}

function daysOf(text: string): number | null {
  if (text === 'never') return null
  const days = /^([1-9][0-9]{0,3})d$/.exec(text)?.[1]
  if (days === undefined) throw fault('cli.usage', '--rotate-every takes days, like 90d, or never')
  return Number(days)
}

async function set(
  context: Context,
  system: string,
  name: string,
  options: SetOptions,
): Promise<void> {
  const { screen } = context
  if (options.ref !== undefined && options.file !== undefined) {
    throw fault('cli.usage', 'a value is stored, or a reference to one: --file or --ref')
  }
  const value =
    options.ref === undefined
      ? await valueOf(context, `${name} of ${system}`, options.file)
      : undefined
  const body = {
    value,
    reference: options.ref,
    rotate_every_days: options.rotateEvery === undefined ? undefined : daysOf(options.rotateEvery),
    expires_at:
      options.expires === undefined
        ? undefined
        : momentOf('--expires', options.expires, screen.now),
  }
  const path = target(['v1', 'credentials', system, name])
  const stored = await (await context.control()).send('POST', path, body, Credential)
  tell(context, stored, `stored ${name} of ${system}, version ${stored.version}`)
}

async function rotate(
  context: Context,
  system: string,
  name: string,
  options: { readonly file?: string; readonly atProvider?: boolean },
): Promise<void> {
  const value =
    options.atProvider === true
      ? undefined
      : await valueOf(context, `the new ${name} of ${system}`, options.file)
  const path = target(['v1', 'credentials', system, name, 'rotate'])
  const rotated = await (await context.control()).send('POST', path, { value }, Credential)
  const words = value === undefined ? 'replaced at its provider' : `version ${rotated.version}`
  tell(context, rotated, `rotated ${name} of ${system}: ${words}`)
}

function tell(context: Context, credential: Credential, words: string): void {
  const { screen } = context
  screen.answer(credential, () => `${words}\n`)
  const [other] = credential.same_as
  if (other !== undefined) screen.say(`the same value is ${other}: who has one has both`)
}

async function list(context: Context, options: { readonly system?: string }): Promise<void> {
  const control = await context.control()
  const { system } = options
  const query = system === undefined ? '' : `?system=${encodeURIComponent(system)}`
  const credentials = await control.get(`/v1/credentials${query}`, CredentialsAnswer)
  const consents = await control.get('/v1/upstream-consents', ConnectedAnswer)
  const answer = { ...credentials, ...consents }
  const { screen } = context
  screen.answer(answer, (surface) => {
    const drawn = drawCredentials(answer.credentials, surface, screen.now)
    if (answer.systems.length === 0) return drawn
    return `${drawn}\n${drawConsents(answer, surface, screen.now)}`
  })
}

async function show(context: Context, system: string, name: string): Promise<void> {
  const path = target(['v1', 'credentials', system, name])
  const credential = await (await context.control()).get(path, Credential)
  const { screen } = context
  screen.answer(credential, (surface) => drawCredential(credential, surface, screen.now))
}

async function remove(
  context: Context,
  system: string,
  name: string,
  reason: string | undefined,
): Promise<void> {
  const path = ['v1', 'credentials', system, name, 'remove']
  const removed = await because(context, path, reason, CredentialRemoved)
  context.screen.answer(
    removed,
    () => `removed ${name} of ${system}: calls that need it are refused\n`,
  )
}

async function connect(context: Context, system: string): Promise<void> {
  const answer = await (await context.control()).get('/v1/upstream-consents', ConnectedAnswer)
  const found = answer.systems.find((one) => one.system === system)
  if (found === undefined) {
    throw fault('cli.usage', `people do not connect to \`${system.slice(0, 64)}\` themselves`)
  }
  context.screen.answer(
    found,
    () => `open this in your browser, and consent there:\n${found.url}\n`,
  )
}

async function disconnect(
  context: Context,
  system: string,
  options: { readonly reason?: string; readonly person?: string },
): Promise<void> {
  const body = { reason: await reasonOf(context, options.reason), person: options.person }
  const path = target(['v1', 'upstream-consents', system, 'disconnect'])
  const answer = await (await context.control()).send('POST', path, body, Disconnected)
  const there = answer.revoked ? 'and at the system' : 'the system was not told, or said nothing'
  context.screen.answer(answer, () => `disconnected from ${system}: here, ${there}\n`)
}

async function rotateKeys(
  context: Context,
  options: { readonly reason?: string; readonly status?: boolean },
): Promise<void> {
  const keys =
    options.status === true
      ? await (await context.control()).get('/v1/credential-keys', CredentialKeys)
      : await because(context, ['v1', 'credential-keys', 'rotate'], options.reason, CredentialKeys)
  context.screen.answer(keys, () => {
    const left = keys.retired.join(', ')
    const state = left === '' ? 'everything is under it' : `still opening what is under ${left}`
    return `sealing under ${keys.current}; ${state}\n`
  })
}

function registerValues(credential: Command, context: Context): void {
  credential
    .command('list')
    .alias('ls')
    .description('list credentials, without their values, and what people consented to')
    .option('--system <name>', 'of this system alone')
    .action((options: { system?: string }) => list(context, options))
  credential
    .command('show <system> <name>')
    .description('what is known of a credential; its value is not shown')
    .action((system: string, name: string) => show(context, system, name))
  credential
    .command('set <system> <name>')
    .description('store a value: from --file, standard input or a prompt')
    .option('--file <path>', 'file that holds the value; - is standard input')
    .option('--ref <reference>', 'where the value is kept instead: vault:kv/data/NAME#FIELD')
    .option('--rotate-every <days>', 'when a new value is due, like 90d; or never')
    .option('--expires <time>', 'when the value ends at the system')
    .action((system: string, name: string, options: SetOptions) =>
      set(context, system, name, options),
    )
  credential
    .command('rotate <system> <name>')
    .description('store a new value, or say that it was replaced at its provider')
    .option('--file <path>', 'file that holds the new value; - is standard input')
    .option('--at-provider', 'the value that stood in clear is worth nothing any more')
    .action((system: string, name: string, options: { file?: string; atProvider?: boolean }) =>
      rotate(context, system, name, options),
    )
  credential
    .command('remove <system> <name>')
    .alias('rm')
    .description('remove a value: calls that need it are refused')
    .option('--reason <text>', 'why; stands in the record')
    .action((system: string, name: string, { reason }: { reason?: string }) =>
      remove(context, system, name, reason),
    )
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const credential = program
    .command('credential')
    .description('what systems are called with: list, set, rotate, remove; connect, disconnect')
  registerValues(credential, context)
  credential
    .command('connect <system>')
    .description('where you consent to a system that is called as its users')
    .action((system: string) => connect(context, system))
  credential
    .command('disconnect <system>')
    .description('take your consent back, here and at the system')
    .option('--person <id>', 'of somebody else, for operators')
    .option('--reason <text>', 'why; stands in the record')
    .action((system: string, options: { reason?: string; person?: string }) =>
      disconnect(context, system, options),
    )
  credential
    .command('rotate-keys')
    .description('seal under another key; everything is wrapped anew in the background')
    .option('--status', 'only say how far it is')
    .option('--reason <text>', 'why; stands in the record')
    .action((options: { reason?: string; status?: boolean }) => rotateKeys(context, options))
}

// Holds `witness`: a witness for other people's logs, with a key and a folder of its own.

import { mkdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { cosignedLogs, openWitness, witnessedLogs } from '../server/witness.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { fields, table } from './terminal/table.ts'
import { when } from './terminal/when.ts'
import { untilInterrupted } from './until.ts'

interface WitnessOptions {
  readonly dir: string
  readonly name: string
  readonly logs?: string
  readonly listen: string
}

function readLogs(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw fault('cli.file', `the verifier keys ${path} cannot be read`, cause)
  }
}

/** Host and port. A witness that others reach stands behind what gives it TLS. */
function address(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (host === '' || port > 65_535) throw fault('cli.usage', '--listen is like 127.0.0.1:7410')
  return { host, port }
}

/** The folder is there and this account's alone before anything is locked or kept in it. */
function made(context: Context, dir: string): string {
  const directory = resolve(context.shell.cwd, dir)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return directory
}

async function run(context: Context, options: WitnessOptions): Promise<void> {
  const { screen, shell } = context
  if (options.logs === undefined) throw fault('cli.usage', '--logs names a file of verifier keys')
  const directory = made(context, options.dir)
  const { server, vkey, release } = openWitness({
    directory,
    name: options.name,
    logs: readLogs(resolve(shell.cwd, options.logs)),
    clock: shell.clock,
    failed: (error) => screen.say(`trouble: ${String(error)}`),
  })
  const { host, port } = address(options.listen)
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(port, host, () => done())
  })
  const url = `http://${host}:${(server.address() as AddressInfo).port}`
  const policy = `witness w1 ${vkey} ${url}`
  screen.answer({ ready: true, url, vkey }, (surface) =>
    fields(
      [
        ['listens', url],
        ['vkey', vkey],
        ['for policies', policy],
      ],
      surface,
    ),
  )
  try {
    await untilInterrupted(shell.interrupted)
  } finally {
    server.close()
    server.closeAllConnections()
    release()
  }
}

function key(context: Context, options: WitnessOptions): void {
  const { shell, screen } = context
  const directory = made(context, options.dir)
  const { vkey, release } = openWitness({
    directory,
    name: options.name,
    logs: '',
    clock: shell.clock,
    failed: () => undefined,
  })
  release()
  screen.answer({ vkey }, () => `${vkey}\n`)
}

/** Who has seen the log of this home, or what the witness of a folder has seen: from the files, without a server. */
function status(context: Context, { dir }: { readonly dir?: string }): void {
  const { home, screen, shell } = context
  const logs = dir === undefined ? witnessedLogs(home) : cosignedLogs(resolve(shell.cwd, dir))
  screen.answer({ logs }, (surface) =>
    table(
      ['LOG', 'SIZE', 'WITNESSED', 'LAST', 'BY', 'QUORUM'],
      logs.map(({ origin, size, witnessed, at, by, named, quorum }) => [
        origin,
        size,
        witnessed,
        at === null ? 'never' : when(at, screen.now),
        by.length === 0 ? 'nobody' : by.join(' '),
        {
          text: `${by.length} of ${named}, ${quorum ? 'met' : 'NOT met'}`,
          style: quorum ? 'green' : 'yellow',
        },
      ]),
      surface,
    ),
  )
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const witness = program
    .command('witness')
    .description('a witness for logs of others: it cosigns that they have grown, and nothing else')
  const common = (command: Command): Command =>
    command
      .requiredOption('--dir <dir>', 'folder of its key and of what it has cosigned')
      .requiredOption('--name <name>', 'its name in signatures, like witness.example.org/w1')
  common(witness.command('run'))
    .description('answer logs until it is stopped')
    .option('--logs <file>', 'verifier keys of the logs that it knows, one a line')
    .option('--listen <address>', 'where', '127.0.0.1:7410')
    .action((options: WitnessOptions) => run(context, options))
  witness
    .command('status')
    .description('who has seen each half-year of this log, how far and when; needs no server')
    .option('--dir <dir>', 'what the witness of this folder has cosigned instead')
    .action((options: { readonly dir?: string }) => status(context, options))
  common(witness.command('key'))
    .description('print its verifier key, made on first use')
    .action((options: WitnessOptions) => key(context, options))
}

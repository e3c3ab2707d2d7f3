// Holds `backup` and `restore`: a home into a folder that proves itself, and back into a home of its own.

import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { publicFault } from '../std/fault.ts'
import { AuditFlushed } from '../wire/api/audit.ts'
import { BackupNoted } from '../wire/api/backup.ts'
import type { Context } from './context.ts'
import type { Control } from './control/control.ts'
import { fault } from './faults.ts'
import { fields } from './terminal/table.ts'

/** The server on this home, once everything that it has acknowledged is in the log; undefined where none answers. */
export async function runningControl(context: Context): Promise<Control | undefined> {
  try {
    const control = await context.control()
    await control.send('POST', '/v1/audit/flush', {}, AuditFlushed)
    return control
  } catch (error) {
    const { code } = publicFault(error)
    if (code === 'cli.unreachable' || code === 'cli.no_operator') return undefined
    throw error
  }
}

async function backup(context: Context, folder: string): Promise<void> {
  const { home, screen, shell } = context
  if (!existsSync(join(home, 'home.json'))) throw fault('cli.file', `${home} is no home`)
  const to = resolve(shell.cwd, folder)
  const control = await runningControl(context)
  const { backupHome, backupStopped } = await import('../server/backup.ts')
  const made =
    control === undefined
      ? await backupStopped({ home, to, environment: shell.env, machine: shell })
      : await backupHome({ home, to, machine: shell })
  if (control !== undefined) {
    const { manifest, files, bytes } = made
    await control.send('POST', '/v1/backups', { manifest, files, bytes }, BackupNoted)
  }
  screen.answer(made, (surface) =>
    fields(
      [
        ['backup', { text: made.folder, style: 'green' }],
        ['files', `${made.files}, ${Math.ceil(made.bytes / 1_048_576)} MiB`],
        ['records', `${made.records}, verified`],
        ['manifest', made.manifest],
      ],
      surface,
    ),
  )
  screen.say('it holds the keys of this home: keep it where nobody else reads')
}

interface RestoreOptions {
  readonly reason?: string
  readonly vkey?: string
  readonly log?: string
}

async function restore(context: Context, folder: string, options: RestoreOptions): Promise<void> {
  const { home, screen, shell } = context
  const { reason, vkey, log } = options
  if (reason === undefined || reason.trim() === '' || reason.length > 500) {
    throw fault(
      'cli.usage',
      '--reason is needed: at most 500 characters, and they stand in the log',
    )
  }
  const { restoreHome } = await import('../server/backup.ts')
  const done = await restoreHome({
    from: resolve(shell.cwd, folder),
    home,
    machine: shell,
    by: userInfo().username,
    reason,
    ...(vkey === undefined ? {} : { vkeys: keyOf(resolve(shell.cwd, vkey)) }),
    ...(log === undefined ? {} : { survivor: resolve(shell.cwd, log) }),
  })
  screen.answer(done, (surface) =>
    fields(
      [
        ['home', { text: done.home, style: 'green' }],
        ['backup of', done.madeAt],
        ['records', `${done.records}, verified`],
        ['goes on in', done.log?.next ?? 'the log as it was'],
      ],
      surface,
    ),
  )
  if (!done.lost) return
  screen.say(
    'what happened after the backup is missing, so everything is locked from the first start on',
  )
  screen.say('look at locks, agents and policies, then: bailiwick lock rm integrity --reason TEXT')
}

function keyOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw fault('cli.file', `the verifier key ${path} cannot be read`, cause)
  }
}

/** Adds the command `backup`. */
export function register(program: Command, context: Context): void {
  program
    .command('backup <folder>')
    .description('copy this home, running or not, into a folder that is not there yet')
    .action((folder: string) => backup(context, folder))
}

/** Adds the command `restore`. */
export function registerRestore(program: Command, context: Context): void {
  program
    .command('restore <folder>')
    .description('put a backup back into a home that is empty or not there (--home)')
    .option('--reason <text>', 'why; stands in the log')
    .option('--vkey <file>', 'the log.vkey that was kept elsewhere: whose backup it has to be')
    .option(
      '--log <home>',
      'a home whose log survived: it is taken instead, and nothing is missing',
    )
    .action((folder: string, options: RestoreOptions) => restore(context, folder, options))
}

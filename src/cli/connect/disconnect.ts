// Holds the run of `disconnect`: each file gets back what it was, or, where somebody changed it since, what of it is ours.

import { resolve } from 'node:path'
import { digest, fromBase64url } from '../../std/bytes.ts'
import { isObject } from '../../std/json.ts'
import { BackupAnswer, Connection, ConnectionsAnswer } from '../../wire/api/connection.ts'
import type { Context } from '../context.ts'
import { target, type Control } from '../control/control.ts'
import { confirm } from '../terminal/ask.ts'
import { visible } from '../terminal/visible.ts'
import { readBridge } from './bridge-entry.ts'
import type { ConfigPlace } from './clients.ts'
import { drawDifference } from './difference.ts'
import { TRANSPORT_KEYS, type ConfigDocument, type Place } from './document.ts'
import { fault } from './faults.ts'
import { bytesOf, readConfig, replaceConfig, type ConfigFile } from './file.ts'
import { withoutHooks } from './hook-files.ts'
import type { DisconnectOptions } from './options.ts'
import { documentOf } from './plan.ts'

/** Words of the record where the person gives none. */
const REASON = 'disconnected'

/** What becomes of one file. */
interface Return {
  readonly connection: Connection
  readonly file: ConfigFile
  /** Undefined: the file goes, as there was none before. */
  readonly bytes: Uint8Array | undefined
  readonly how: 'as-before' | 'merged' | 'untouched' | 'gone'
  /** What was left as it is now, by its keys. */
  readonly left: readonly string[]
}

function formOf(connection: Connection): ConfigPlace['form'] {
  return connection.path.endsWith('.toml') ? 'toml' : 'jsonc'
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes)
}

/** Entries that are still ours, and those that somebody has changed or taken away since. */
function ours(
  document: ConfigDocument,
  { entries }: Connection,
): { readonly mine: readonly Place[]; readonly theirs: readonly string[] } {
  const mine: Place[] = []
  const theirs: string[] = []
  for (const { place, system } of entries) {
    const found = document
      .entries([place.slice(0, -1)])
      .find((entry) => entry.place.at(-1) === place.at(-1))
    const bridge =
      found === undefined || !isObject(found.value) ? undefined : readBridge(found.value)
    if (bridge?.system === system) mine.push(place)
    else theirs.push(place.at(-1) ?? '')
  }
  return { mine, theirs }
}

/** What a file becomes. Where it is as we left it, that is every byte of before; else only our own entries change. */
function returned(connection: Connection, before: Uint8Array | undefined): Return {
  const file = readConfig(connection.path)
  const base = { connection, file, left: [] }
  if (file.bytes === undefined) return { ...base, bytes: undefined, how: 'gone' }
  const now = digest(file.bytes)
  if (now === connection.after) return { ...base, bytes: before, how: 'as-before' }
  if (now === connection.before) return { ...base, bytes: file.bytes, how: 'untouched' }
  if (connection.part === 'hooks') {
    const text = withoutHooks(connection.path, file.text)
    return { ...base, bytes: bytesOf(file, text), how: 'merged' }
  }
  const document = documentOf(formOf(connection), file.path, file.text)
  const earlier = documentOf(formOf(connection), file.path, textOf(before ?? new Uint8Array()))
  const { mine, theirs } = ours(document, connection)
  const text = document.restore(earlier, mine, TRANSPORT_KEYS)
  return { ...base, bytes: bytesOf(file, text), how: 'merged', left: theirs }
}

async function backupOf(control: Control, { id }: Connection): Promise<Uint8Array | undefined> {
  const path = target(['v1', 'connections', id, 'backup'])
  const { before } = await control.send('POST', path, {}, BackupAnswer)
  return before === null ? undefined : fromBase64url(before)
}

/** Every value of the file before: what is shown of the difference holds none of them. */
function textsOf(document: ConfigDocument, connection: Connection): string[] {
  const containers = connection.entries.map(({ place }) => place.slice(0, -1))
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return [value]
    if (typeof value !== 'object' || value === null) return []
    return Object.values(value).flatMap(texts)
  }
  return document
    .entries(containers)
    .flatMap(({ value }) =>
      [value['env'], value['headers'], value['http_headers'], value['url']].flatMap(texts),
    )
}

function show(context: Context, one: Return): void {
  const { screen } = context
  const { connection, file, bytes, how } = one
  const surface = screen.talk
  screen.show(`${surface.paint('bold', visible(file.path))}\n`)
  if (how === 'gone') return screen.say('is no longer there: nothing is to be given back')
  if (how === 'untouched') return screen.say('is as it was before')
  const after = bytes === undefined ? '' : textOf(bytes)
  const secrets =
    connection.part === 'hooks'
      ? []
      : textsOf(documentOf(formOf(connection), file.path, after.replace(/^\ufeff/, '')), connection)
  screen.show(drawDifference(file.text, after.replace(/^\ufeff/, ''), secrets, surface))
}

/** Runs the command. */
export async function disconnect(
  context: Context,
  client: string,
  options: DisconnectOptions,
): Promise<void> {
  const { screen, shell, asking } = context
  const control = await context.control()
  const { connections } = await control.get('/v1/connections', ConnectionsAnswer)
  const only =
    options.file === undefined ? undefined : readConfig(resolve(shell.cwd, options.file)).path
  const open = connections
    .filter((one) => one.client === client && one.person === control.operator.name)
    .filter((one) => only === undefined || one.path === only)
  if (open.length === 0) {
    throw fault(
      'connect.not_connected',
      `nothing of ${client.slice(0, 64)} goes through Bailiwick by your hand`,
    )
  }
  const done: object[] = []
  // The newest first: what an earlier one left is then what the next one finds.
  for (const connection of open.toReversed()) {
    const one = returned(connection, await backupOf(control, connection))
    const { file, bytes, how, left } = one
    show(context, one)
    if (how === 'merged') {
      screen.say('it was changed since it was connected: only what is ours is given back')
    }
    for (const name of left) screen.say(`left as it is now, as it is no longer ours: ${name}`)
    done.push({ file: file.path, part: connection.part, restored: how, left })
    if (options.dryRun === true) continue
    await confirm(shell, asking, `Give ${file.path} back?`)
    if (how === 'as-before' || how === 'merged') {
      await replaceConfig(file, bytes, { entropy: shell.entropy })
    }
    const path = target(['v1', 'connections', connection.id, 'close'])
    await control.send('POST', path, { reason: options.reason ?? REASON }, Connection)
  }
  const changed = options.dryRun !== true
  screen.answer({ client, files: done, changed }, () =>
    changed ? `${client} has its own servers again\n` : 'nothing was changed: --dry-run\n',
  )
  if (changed) {
    const clear = open.some(({ part }) => part === 'servers')
    if (clear) screen.say('credentials that stood in its files stand there in clear again')
    screen.say(
      'its systems, its agent and what was recorded stay: lock or retire the agent if it is to end',
    )
  }
}

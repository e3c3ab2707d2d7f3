// Holds the checks of a home's files: whose they are, and who else could read them.

import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import type { Finding } from './finding.ts'

/** Keys that seal credentials: more than one while they are rotated. */
const ENVELOPES = 'envelopes'
const ENVELOPE = /^\d{6,}-[0-9a-f]+\.pem$/

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** Names of a folder, empty where it is not there or not ours to read: its own finding says so. */
function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function problem(path: string, stat: Stats, wanted: 'file' | 'directory'): Finding | undefined {
  const check = 'files'
  if (wanted === 'file' ? !stat.isFile() : !stat.isDirectory()) {
    return { check, state: 'bad', detail: `${path} is no plain ${wanted}`, next: 'restore it' }
  }
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid) {
    const next = `run as that account, or: chown ${uid} '${path}'`
    return { check, state: 'bad', detail: `${path} belongs to account ${stat.uid}`, next }
  }
  if ((stat.mode & 0o077) === 0) return undefined
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
  const next = `chmod ${wanted === 'file' ? '600' : '700'} '${path}'`
  return { check, state: 'bad', detail: `${path} has mode ${mode}: others can open it`, next }
}

/** Checks the home, its keys and its secrets. */
export function checkFiles(home: string): Finding[] {
  const folder = lookAt(home)
  if (folder === undefined) {
    const next = 'make one: bailiwick dev; or name another with --home'
    return [{ check: 'home', state: 'bad', detail: `there is no ${home}`, next }]
  }
  const keys = join(home, 'keys')
  const envelopes = join(keys, ENVELOPES)
  const places: (readonly [path: string, kind: 'file' | 'directory'])[] = [
    [home, 'directory'],
    [keys, 'directory'],
    [join(home, 'operator.json'), 'file'],
    ...names(home)
      .filter((name) => /\.(?:db|sqlite3?)(?:-wal|-shm)?$/.test(name))
      .map((name) => [join(home, name), 'file'] as const),
    [envelopes, 'directory'],
    ...names(keys)
      .filter((name) => name !== ENVELOPES)
      .map((name) => [join(keys, name), 'file'] as const),
    ...names(envelopes).map((name) => [join(envelopes, name), 'file'] as const),
  ]
  const found = places.flatMap(([path, kind]) => {
    const stat = lookAt(path)
    const finding = stat === undefined ? undefined : problem(path, stat, kind)
    return finding === undefined ? [] : [finding]
  })
  // Of an account that may not look, the finding above says so; of a home that has begun, there is always one.
  const sealing = names(envelopes).some((name) => ENVELOPE.test(name))
  if (!sealing && lookAt(join(keys, 'log.pem')) !== undefined) {
    const detail = `${envelopes} has no key: nothing that is sealed, credentials and payloads, can be opened`
    const next = 'put the keys back from a backup; do not make new ones'
    found.push({ check: 'files', state: 'bad', detail, next })
  }
  if (found.length > 0) return found
  return [{ check: 'files', state: 'ok', detail: `${home} and its keys are yours alone` }]
}

// Holds the manifest of a backup: every file with its digest, under a signature of the log whose home it is.

import { createHash } from 'node:crypto'
import { createReadStream, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'

import { canonicalJson, type JsonObject } from '../../std/json.ts'
import { noteVerifier, openNote, parseVkey, signNote, type NoteSigner } from '../../tlog/note.ts'
import { backupFault } from './faults.ts'

/** Names of the two files that say what a backup is. */
const MANIFEST = 'manifest.json'
const SIGNED = 'manifest.note'
/** First line of what is signed. */
const HEADER = 'dev.bailiwick/backup@v1'
/** Bytes of a manifest: about a million files. */
const MANIFEST_MAX = 256 << 20

const Place = z
  .string()
  .max(1_024)
  .refine((path) => path.split('/').every((part) => !['', '.', '..'].includes(part)))
  .refine((path) => !/[\\\p{Cc}]/u.test(path))

/** What a backup says of itself. */
const Manifest = z.strictObject({
  v: z.literal(1),
  /** Version of Bailiwick that made it. */
  version: z.string(),
  /** RFC 3339. */
  made_at: z.iso.datetime(),
  /** Origin of the log. */
  origin: z.string(),
  /** Whether PostgreSQL has rows and order, and only keys and files are here. */
  database: z.boolean(),
  /** Path, bytes and SHA-256 (hexadecimal) of every file. */
  files: z.array(
    z.strictObject({
      path: Place,
      bytes: z.number().int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
})
export type Manifest = z.infer<typeof Manifest>

/** A manifest with the digest by which it is known. */
export interface OpenedManifest {
  readonly manifest: Manifest
  /** SHA-256 of `manifest.json`, hexadecimal. */
  readonly digest: string
}

/** The two files of a manifest, as text. */
export function signManifest(
  manifest: Manifest,
  signer: NoteSigner,
): { readonly files: Readonly<Record<string, string>>; readonly digest: string } {
  const text = `${canonicalJson(manifest as unknown as JsonObject)}\n`
  const digest = createHash('sha256').update(text).digest('hex')
  const body = `${[HEADER, manifest.origin, digest, manifest.made_at].join('\n')}\n`
  return { files: { [MANIFEST]: text, [SIGNED]: signNote(body, [signer]) }, digest }
}

/**
 * Reads and verifies a manifest against lines of a `log.vkey`; without them, against the one in the backup, which shows that it is whole and
 * not whose it is. Throws `backup.unreadable`, `backup.changed`, `backup.other`.
 */
export function openManifest(folder: string, vkeys?: string): OpenedManifest {
  const text = textOf(folder, MANIFEST)
  const note = textOf(folder, SIGNED)
  const keys = (vkeys ?? textOf(folder, 'home/log.vkey')).split('\n').filter((line) => line !== '')
  const digest = createHash('sha256').update(text).digest('hex')
  let body: string
  try {
    body = openNote(
      note,
      keys.map((key) => noteVerifier(parseVkey(key))),
    ).body
  } catch (cause) {
    throw backupFault('backup.other', 'the manifest is not signed by this log', cause)
  }
  let manifest: Manifest
  try {
    manifest = Manifest.parse(JSON.parse(text))
  } catch (cause) {
    throw backupFault('backup.unreadable', 'the manifest does not say what it has to', cause)
  }
  const said = `${[HEADER, manifest.origin, digest, manifest.made_at].join('\n')}\n`
  if (body !== said)
    throw backupFault('backup.changed', 'the manifest is not the one that was signed')
  return { manifest, digest }
}

/** Holds every file of a backup against its manifest, and finds those that are in neither. Throws `backup.changed`. */
export async function checkFiles(folder: string, { files }: Manifest): Promise<void> {
  const home = join(folder, 'home')
  const known = new Set(files.map(({ path }) => path))
  for (const path of regularFiles(home)) {
    if (!known.has(path)) throw backupFault('backup.changed', `${path} is not in the manifest`)
  }
  for (const { path, bytes, sha256 } of files) {
    const stat = lstatSync(join(home, path), { throwIfNoEntry: false })
    if (stat === undefined) throw backupFault('backup.changed', `${path} is missing`)
    if (!stat.isFile() || stat.size !== bytes || (await digestOf(join(home, path))) !== sha256) {
      throw backupFault('backup.changed', `${path} is not what it was`)
    }
  }
}

/** SHA-256 of a file, hexadecimal. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Paths below a folder, in order. Throws `backup.changed` for anything that is neither file nor folder: a link leads out. */
function regularFiles(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) return regularFiles(folder, path)
    if (entry.isFile()) return [path]
    throw backupFault('backup.changed', `${path} is neither a file nor a folder`)
  })
}

function textOf(folder: string, name: string): string {
  const path = join(folder, name)
  try {
    const stat = lstatSync(path)
    if (stat.isFile() && stat.size <= MANIFEST_MAX)
      return Buffer.from(readFileSync(path)).toString()
  } catch (cause) {
    throw backupFault('backup.unreadable', `${name} cannot be read`, cause)
  }
  throw backupFault('backup.unreadable', `${name} is no file of ours`)
}

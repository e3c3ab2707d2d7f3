// Holds the selectors of the `unix` attestor: their one written form, and which sets of them a registration may name.

import { fault } from './unix-faults.ts'
import { fileNameOf, isInterpreter } from './unix-interpreters.ts'

/** What a selector may name. `uid`, `user`, `gid` and `cgroup` say whose the process is, `path` and `sha256` what it runs. */
export type UnixSelectorName = 'uid' | 'user' | 'gid' | 'cgroup' | 'path' | 'sha256'

/** A selector, taken apart. */
export interface UnixSelector {
  readonly name: UnixSelectorName
  readonly value: string
}

const MAX_VALUE = 1_024

/** An absolute path as the kernel writes it: no empty part, no `.` or `..`, nothing that a terminal would act on. The root alone says nothing. */
function isPlainPath(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (!text.startsWith('/') || /[\u0000-\u001f\u007f-\u009f\ufffd]/.test(text)) return false
  return text
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..')
}

/** Whether a value is one, in its one form: what could be written in two ways would match in one of them only. */
const FORMS: Readonly<Record<UnixSelectorName, (value: string) => boolean>> = {
  uid: (value) => /^(?:0|[1-9]\d{0,9})$/.test(value) && Number(value) < 0xffff_ffff,
  gid: (value) => /^(?:0|[1-9]\d{0,9})$/.test(value) && Number(value) < 0xffff_ffff,
  user: (value) => /^[A-Za-z_][A-Za-z0-9_.-]{0,255}\$?$/.test(value),
  cgroup: isPlainPath,
  path: isPlainPath,
  sha256: (value) => /^[0-9a-f]{64}$/.test(value),
}

/** Writes a selector; undefined where the value is none, so that a strange fact selects nothing. */
export function unixSelector(name: UnixSelectorName, value: string): string | undefined {
  return value.length <= MAX_VALUE && FORMS[name](value) ? `unix:${name}:${value}` : undefined
}

/** Reads a selector; undefined for any other text. */
export function parseUnixSelector(text: string): UnixSelector | undefined {
  const match = /^unix:(uid|user|gid|cgroup|path|sha256):(.+)$/su.exec(text)
  if (match === null) return undefined
  const [, name, value] = match as unknown as [string, UnixSelectorName, string]
  return unixSelector(name, value) === text ? { name, value } : undefined
}

/**
 * Refuses a set of selectors that a registration must not have. Throws `unix.selector` for one that is not well-formed or
 * contradicts another, `unix.interpreter` for a program that runs whatever it is told to (its path says nothing about the
 * agent, and would look as if it did), and `unix.account` where nothing says whose process it is: any account can run
 * any program that it can read, with a library of its own loaded into it.
 */
export function checkUnixSelectors(selectors: readonly string[]): void {
  const seen = new Map<UnixSelectorName, string>()
  for (const text of selectors) {
    const read = parseUnixSelector(text)
    if (read === undefined) throw fault('unix.selector', 'a selector is not one of a local process')
    if (seen.has(read.name)) {
      throw fault('unix.selector', `a process has one ${read.name}, and two are named`)
    }
    seen.set(read.name, read.value)
  }
  const path = seen.get('path')
  if (path !== undefined && isInterpreter(fileNameOf(path))) {
    throw fault(
      'unix.interpreter',
      'the path is that of an interpreter, which says nothing of what it runs',
    )
  }
  if (!seen.has('uid') && !seen.has('user') && !seen.has('gid') && !seen.has('cgroup')) {
    throw fault('unix.account', 'the selectors do not say whose process it is')
  }
}

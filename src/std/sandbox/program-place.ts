// Holds what a program needs to be seen to run: the folder that it is installed in, and nothing above that.

import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { isProgramPath } from './bubblewrap.ts'

/** True where `path` is `folder`, or is in it. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

/** A path with its links followed as far as it exists. */
export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path)
}

/** The program that a command names: a path, or a name on `path` (as PATH is written); undefined where there is none. */
export function findProgram(command: string, path: string, cwd: string): string | undefined {
  if (command.includes('/')) {
    const at = resolve(cwd, command)
    return isExecutable(at) ? at : undefined
  }
  for (const folder of path.split(delimiter)) {
    // An empty entry means the working folder, which whoever writes into it would choose.
    if (!isAbsolute(folder)) continue
    const at = join(folder, command)
    if (isExecutable(at)) return at
  }
  return undefined
}

/**
 * Folders and files to be seen so that what stands at `path` can run: of a package its folder, with the outermost `node_modules` around
 * it; of a program in a `bin` the folder above, where its libraries are; else its own folder. Paths of the machine's own programs
 * need nothing.
 */
export function installedIn(path: string): readonly string[] {
  const found = new Set<string>()
  // A link and what it leads to: programs look beside both.
  for (const at of [path, realPath(path)]) {
    if (!existsSync(at) || isProgramPath(at)) continue
    found.add(installation(at))
    // The path itself, as it was named: the link may stand alone in its folder.
    found.add(at)
  }
  return [...found].sort((a, b) => a.length - b.length)
}

/** True where a folder holds so much else that showing it would show everything: a root, or the home of an account. */
export function isBroad(path: string, homes: readonly string[]): boolean {
  if (isWithin('/usr', path) || ['/home', '/root', '/var', '/etc', '/opt', '/srv'].includes(path)) {
    return true
  }
  if (dirname(path) === '/home') return true
  return homes.some((home) => isWithin(home, path))
}

function installation(path: string): string {
  const outermost = path.indexOf('/node_modules/')
  if (outermost > 0) return path.slice(0, outermost + '/node_modules'.length)
  if (statSync(path).isDirectory()) return path
  const folder = dirname(path)
  const packaged = packageOf(folder)
  if (packaged !== undefined) return packaged
  return basename(folder) === 'bin' ? dirname(folder) : folder
}

/** The nearest folder from here up that is a package of Node or Python. */
function packageOf(folder: string): string | undefined {
  for (let at = folder; dirname(at) !== at; at = dirname(at)) {
    if (['package.json', 'pyproject.toml', 'pyvenv.cfg'].some((name) => existsSync(join(at, name))))
      return at
  }
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not for us: either way it cannot be started.
    return false
  }
}

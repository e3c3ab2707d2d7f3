// Holds the set-up that every `npm` command runs first: what the lock names is installed, and there is a Node that is new enough.
// Runs on Node 20 with nothing installed, hence no TypeScript and no dependency. Quiet where nothing is to be done.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const NODE_MIN = 24
/** Where a locked Node can be brought: Linux with glibc, as `optionalDependencies` in package.json say. */
const BROUGHT = ['linux-x64', 'linux-arm64']

/** Packages of a lock file by their path; none where the file is not there or is torn. */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages ?? {}
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * Whether `node_modules` is what the lock says. npm writes what it installed into `.package-lock.json` last, so a torn
 * install has none. Contents are compared, not times: a checkout or a restored cache changes those at will. Optional
 * packages are those of other machines; whether the Node among them is there is the next check.
 */
function isInstalled() {
  const wanted = packagesOf('package-lock.json')
  const there = packagesOf('node_modules/.package-lock.json')
  if (wanted === undefined || there === undefined) return false
  const same = (path) =>
    there[path].version === wanted[path]?.version &&
    there[path].integrity === wanted[path]?.integrity
  const all = Object.keys(wanted).filter((path) => path !== '' && wanted[path].optional !== true)
  return all.every((path) => path in there) && Object.keys(there).every(same)
}

function install() {
  console.error('Installing what package-lock.json names; the first time takes about 20 seconds …')
  const { status, error, stdout, stderr } = spawnSync(
    'npm',
    ['ci', '--loglevel=error', '--ignore-scripts'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
  const why = error === undefined ? `npm ci ended with status ${status}` : error.message
  stop(
    `the packages could not be installed: ${why}`,
    'look at what npm says above; it needs its registry, and room in this folder',
  )
}

/** The major version that `node` has when it is started as a program; undefined where it does not start. */
function majorOf(node) {
  const { status, stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  const major = status === 0 ? Number.parseInt(stdout, 10) : Number.NaN
  return Number.isNaN(major) ? undefined : major
}

/** The Node that `npm run` will find: the locked one before the machine's own. */
function checkNode() {
  const brought = majorOf(join(ROOT, 'node_modules', '.bin', 'node'))
  if (brought !== undefined && brought >= NODE_MIN) return
  const own = Number.parseInt(process.versions.node, 10)
  if (brought === undefined && own >= NODE_MIN) return
  const platform = `${process.platform}-${process.arch}`
  const found = `this machine has ${process.version} on ${platform}`
  if (BROUGHT.includes(platform)) {
    stop(
      `Bailiwick needs Node ${NODE_MIN} or newer; ${found}, and the one that npm brought does not start`,
      `run \`npm ci --include=optional\`; where that does not help (musl instead of glibc, for one), install Node ${NODE_MIN}: https://nodejs.org`,
    )
  }
  stop(
    `Bailiwick needs Node ${NODE_MIN} or newer; ${found}, where npm cannot bring one`,
    `install Node ${NODE_MIN} (https://nodejs.org, or your version manager) and run the command again`,
  )
}

function stop(what, next) {
  console.error(`error: ${what} (setup)\nnext: ${next}`)
  process.exit(1)
}

/** The newest change below a folder (ms); 0 where there is none. */
function changedAt(folder) {
  if (!existsSync(folder)) return 0
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (newest, { name, parentPath }) => Math.max(newest, statSync(join(parentPath, name)).mtimeMs),
      0,
    )
}

/** Builds the console where its sources are newer than what was built, or were built by other packages. */
function buildConsole() {
  const built = join(ROOT, 'build', 'console', 'index.html')
  const sources = [join(ROOT, 'console'), join(ROOT, 'package-lock.json')]
  if (!existsSync(sources[0])) return
  const newest = Math.max(changedAt(sources[0]), statSync(sources[1]).mtimeMs)
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  // An installation without development packages brings what was built with it.
  if (!existsSync(vite)) return
  console.error('Building the console …')
  const args = [vite, 'build', '--logLevel', 'warn', '--config', join('console', 'vite.config.ts')]
  const node = join(ROOT, 'node_modules', '.bin', 'node')
  const { status, stdout, stderr } = spawnSync(existsSync(node) ? node : process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (status === 0) return
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`)
  stop('the console could not be built', 'look at what the builder says above')
}

if (!isInstalled()) install()
checkNode()
buildConsole()

// Holds what the benches compare with and npm does not have: nginx, brought from Debian where it is missing.

import { spawnSync } from 'node:child_process'

const PATH = `${process.env['PATH']}:/usr/sbin`
const COMMAND = 'apt-get install --yes --no-install-recommends nginx-light'

function sh(command) {
  // Without a runlevel Debian starts no service: the bench starts its own nginx, and nothing else is to listen.
  const env = { ...process.env, PATH, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  return spawnSync('sh', ['-c', command], { encoding: 'utf8', env })
}

function isThere() {
  return sh('command -v nginx').status === 0
}

if (!isThere()) {
  const may = process.getuid?.() === 0 && sh('command -v apt-get').status === 0
  if (may) process.stderr.write('Installing for the benches: nginx-light …\n')
  const { stdout, stderr } = may ? sh(`apt-get update && ${COMMAND}`) : { stdout: '', stderr: '' }
  if (!isThere()) {
    process.stderr.write(`${stdout}${stderr}`)
    process.stderr.write('error: the bench needs nginx to compare with\n')
    process.stderr.write(`next: as root: \`${COMMAND}\`, then run the bench again\n`)
    process.exit(1)
  }
}

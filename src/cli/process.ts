// Holds the program as a process: its own streams, clock and signals, and its exit code.

import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { systemTimer } from '../std/timer.ts'
import { run } from './program.ts'
import { ReaderLeft } from './shell.ts'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The second time is meant: whoever asks again does not want to wait for goodbyes.
    if (interrupted.signal.aborted) process.exit(130)
    interrupted.abort()
  })
}
// A reader that left (`| head`) ends the command as an interrupt does: what it holds is given back.
process.stdout.on('error', () => interrupted.abort(new ReaderLeft()))

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  timer: systemTimer,
  entropy: systemEntropy,
  interrupted: interrupted.signal,
})

// Holds the health check of a container: asks a listener of this very container, and ends with 0 where it answers 200.
// Which certificate it shows is not asked: nothing is told, and nothing but the status is believed.

import { request } from 'node:https'

const asked = request(
  process.argv[2],
  { rejectUnauthorized: false, timeout: 4_000 },
  (response) => {
    response.resume()
    process.exitCode = response.statusCode === 200 ? 0 : 1
  },
)
asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
asked.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
asked.end()

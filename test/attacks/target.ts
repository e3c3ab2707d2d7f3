// Holds what the attacks on the gateway aim at: a real Bailiwick with one system, and the proof that it is still well.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Bailiwick, testServer } from '../e2e/bailiwick.ts'
import { legacy, send, type Answer } from '../e2e/client.ts'
import { RawConnection } from './raw.ts'

/** A secret of the system, which no answer may ever hold. */
export const SECRET = 'tok-5d1e0c7a93b24f68'

/** A Bailiwick under attack. */
export class Target implements AsyncDisposable {
  readonly bailiwick: Bailiwick
  readonly holder: Holder

  private constructor(bailiwick: Bailiwick, holder: Holder) {
    this.bailiwick = bailiwick
    this.holder = holder
  }

  static async open(): Promise<Target> {
    const bailiwick = await Bailiwick.start()
    const journal = join(bailiwick.home, 'journal')
    writeFileSync(journal, '')
    await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal), {
      secrets: { PROBE_TOKEN: SECRET },
    })
    await bailiwick.apply(
      `@id("w") @without("task") permit (principal in Role::"worker", action, resource);`,
    )
    await bailiwick.agent('worker', ['worker'])
    return new Target(bailiwick, await bailiwick.enrol('worker'))
  }

  /** What reached the upstream. */
  journal(): string[] {
    return readFileSync(join(this.bailiwick.home, 'journal'), 'utf8').split('\n').slice(0, -1)
  }

  /** A connection that shows the instance's certificate. */
  connect(holder: Holder = this.holder): Promise<RawConnection> {
    return RawConnection.open(this.bailiwick.gatewayPort, holder.tls())
  }

  /** A body as bytes, sent as revision 2025-11-25. */
  body(body: string | Uint8Array): Promise<Answer> {
    return send(this.bailiwick, this.holder, { headers: legacy('x').headers, body })
  }

  /** One good call. */
  echo(text: string, holder: Holder = this.holder): Promise<Answer> {
    const call = legacy('tools/call', { name: 'echo', arguments: { text } })
    return send(this.bailiwick, holder, call)
  }

  /** Still answers, has told nothing to anybody, and found nothing unforeseen. */
  async well(): Promise<void> {
    const answer = await this.echo('still well')
    assert.ok(answer.text.includes('"text":"still well"'), answer.text)
    const { stderr } = this.bailiwick.server
    assert.ok(!stderr.includes(SECRET), 'no secret in the log')
    assert.doesNotMatch(stderr, /failed inside|unhandled|\n\s+at /i)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bailiwick[Symbol.asyncDispose]()
  }
}

/** An answer that gives nothing away. */
export function discreet(text: string): void {
  assert.doesNotMatch(text, /\bat .*\.[jt]s\b|node_modules|node:internal/, 'no stack')
  assert.ok(!text.includes(SECRET), 'no secret')
  assert.ok(text.length < 4_096, 'no answer grows with the question')
}

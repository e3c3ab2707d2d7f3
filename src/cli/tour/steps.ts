// Holds the tour: what a governed agent experiences, step by step, each compared with what was really seen.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyLog } from '../../server/verify.ts'
import { JoinTokenAnswer } from '../../wire/api/agent.ts'
import { Approval, ApprovalsAnswer, ApprovalSummary } from '../../wire/api/approval.ts'
import { AuditFlushed } from '../../wire/api/audit.ts'
import { LockAdded } from '../../wire/api/lock.ts'
import { Status } from '../../wire/api/status.ts'
import { SystemsAnswer } from '../../wire/api/system.ts'
import { Task } from '../../wire/api/task.ts'
import type { Control } from '../control/control.ts'
import { AgentProcess } from './agent-process.ts'
import { fileThere, TOUR_AGENT, TOUR_INTENT, type Demo } from './demo.ts'
import type { AgentEnd } from './order.ts'

/** One step as it was meant and as it was. */
export interface TourStep {
  readonly name: string
  readonly expected: string
  readonly observed: string
  readonly ok: boolean
}

/** What the tour is given. */
export interface TourOptions {
  readonly control: Control
  readonly demo: Demo
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Told before a step, and after it. */
  readonly onStep: (step: { readonly name: string; readonly title: string } | TourStep) => void
}

/** How long the tour waits for something that takes milliseconds, on the slowest machine (ms). */
const PATIENCE_MS = 30_000

type Check = Omit<TourStep, 'name'>

/** Everything a step works with. */
interface Stage extends TourOptions {
  readonly agent: AgentProcess
  readonly status: Status
}

interface Step {
  readonly name: string
  readonly title: string
  readonly run: (stage: Stage) => Promise<Check>
}

const short = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)

function failureText(end: AgentEnd): string {
  return 'failed' in end
    ? `the agent was told “${short(end.failed.message)}”`
    : `it went through: ${short(JSON.stringify(end.done))}`
}

function codeOf(end: AgentEnd): string {
  const data = 'failed' in end ? end.failed.data : undefined
  return typeof data === 'object' && data !== null && 'code' in data ? String(data.code) : ''
}

function textOf(end: AgentEnd): string | undefined {
  if (!('done' in end)) return undefined
  const { result } = end.done as { result?: { content?: { text?: string }[]; isError?: boolean } }
  return result?.isError === true ? undefined : result?.content?.[0]?.text
}

/** Waits until something is there. */
async function until<T>(stage: Stage, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const end = stage.now() + PATIENCE_MS
  for (;;) {
    const found = await look()
    if (found !== undefined || stage.now() > end) return found
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

const identify: Step = {
  name: 'identified',
  title: 'An agent starts as a process of its own and proves who it is',
  async run({ control, agent, status }) {
    const join = await control.send(
      'POST',
      `/v1/agents/${TOUR_AGENT}/join-tokens`,
      {},
      JoinTokenAnswer,
    )
    const end = await agent.order({
      do: 'enrol',
      identity: status.listeners.identity,
      token: join.token,
    })
    const id =
      'done' in end
        ? (end.done as { spiffeId: string; notBefore: number; notAfter: number })
        : undefined
    const minutes = id === undefined ? 0 : Math.round((id.notAfter - id.notBefore) / 60_000)
    return {
      expected: 'a SPIFFE identity of its own for at most an hour, for a key that it made itself',
      observed: id === undefined ? failureText(end) : `${id.spiffeId}, for ${minutes} minutes`,
      ok:
        id !== undefined &&
        id.spiffeId.startsWith(`spiffe://${status.trust_domain}/agent/${TOUR_AGENT}/`) &&
        id.notAfter - id.notBefore <= 61 * 60_000,
    }
  },
}

const list: Step = {
  name: 'listed',
  title: 'It asks the file server for its tools',
  async run({ control, agent, status }) {
    const { gateway } = status.listeners
    const connected = await agent.order({
      do: 'connect',
      gateway,
      system: 'filesystem',
      era: '2026-07-28',
    })
    const end = await agent.order({ do: 'list', system: 'filesystem' })
    const { systems } = await control.get('/v1/systems', SystemsAnswer)
    const all = systems.find((s) => s.name === 'filesystem')?.actions.map((a) => a.name) ?? []
    const seen = 'done' in end ? (end.done as { tools: string[] }).tools : []
    const wanted = ['read_text_file', 'write_file', 'move_file']
    return {
      expected: 'only the tools that policy could ever let it call',
      observed:
        'done' in end
          ? `${seen.length} of ${all.length} tools: ${seen.join(', ')}`
          : failureText('failed' in connected ? connected : end),
      ok:
        wanted.every((name) => seen.includes(name)) &&
        !seen.includes('read_multiple_files') &&
        seen.length > 0 &&
        seen.length < all.length,
    }
  },
}

const task: Step = {
  name: 'tasked',
  title: 'It tries to read a note, and is given a task first',
  async run({ agent, control, demo }) {
    const path = join(demo.scratch, 'notes', 'welcome.txt')
    const before = await agent.order(call('read_text_file', { path }))
    const body = {
      agent: TOUR_AGENT,
      intent: TOUR_INTENT,
      allow: [
        { action: 'filesystem/*' },
        {
          action: 'everything/trigger-long-running-operation',
          when: 'context.input has steps && context.input.steps.lessThanOrEqual(decimal("200.0"))',
        },
      ],
      budget: { calls: 100 },
    }
    const opened = await control.send('POST', '/v1/tasks', body, Task)
    const signed = opened.request?.key === control.operator.kid
    return {
      expected: 'refused while it works on nothing; then a task, signed by who asked for it',
      observed: `${failureText(before)}; then “${opened.intent}”, until ${opened.ends_at}, ${signed ? `signed by ${opened.asked_by}` : 'not signed'}`,
      ok: codeOf(before) === 'decide.no_task' && opened.state === 'active' && signed,
    }
  },
}

const read: Step = {
  name: 'allowed',
  title: 'It reads a note',
  async run({ agent, demo }) {
    const path = join(demo.scratch, 'notes', 'welcome.txt')
    const end = await agent.order(call('read_text_file', { path }))
    const text = textOf(end)?.trim()
    return {
      expected: 'allowed: the contents of the note',
      observed: text === undefined ? failureText(end) : `allowed: “${text}”`,
      ok: text === readFileSync(path, 'utf8').trim(),
    }
  },
}

const write: Step = {
  name: 'denied',
  title: 'It tries to write outside its district',
  async run({ agent, demo }) {
    const path = join(demo.scratch, 'notes', 'intruder.txt')
    const end = await agent.order(call('write_file', { path, content: 'I was here' }))
    const there = fileThere(path)
    const reason = 'guides write only in the drafts folder'
    return {
      expected: `denied by the policy guide-writes-only-drafts: ${reason}; no file`,
      observed: `${failureText(end)}; ${there ? 'the file is there' : 'no file'}`,
      ok: codeOf(end) === 'policy.denied' && failureText(end).includes(reason) && !there,
    }
  },
}

const move: Step = {
  name: 'held',
  title: 'It moves a report, which a person has to agree to',
  async run(stage) {
    const { agent, control, demo } = stage
    const source = join(demo.scratch, 'notes', 'report.txt')
    const destination = join(demo.scratch, 'archive', 'report.txt')
    let told = ''
    const moving = agent.order(call('move_file', { source, destination }), (answer) => {
      if ('told' in answer) told = answer.told
    })
    const asked = await until(stage, async () => {
      const { approvals } = await control.get('/v1/approvals?state=pending', ApprovalsAnswer)
      return told === '' ? undefined : approvals.find((one) => told.endsWith(one.id))
    })
    if (asked === undefined) {
      return { expected: 'held for a person', observed: failureText(await moving), ok: false }
    }
    const before = fileThere(destination)
    const shown = await control.get(`/v1/approvals/${asked.id}`, Approval)
    const reason = 'the tour looked at the arguments and agrees'
    await control.send('POST', `/v1/approvals/${asked.id}/approve`, { reason }, ApprovalSummary)
    const end = await moving
    const moved = fileThere(destination) && !fileThere(source)
    return {
      expected:
        'held until a person agreed to exactly this call; then, and not before, the file moved',
      observed: `held; the agent was told ${told}; ${shown.gates[0]?.reason ?? 'no reason'}; approved as ${control.operator.name}; ${moved ? 'the file moved' : failureText(end)}`,
      ok:
        !before &&
        moved &&
        textOf(end) !== undefined &&
        shown.input?.['destination'] === destination,
    }
  },
}

const cut: Step = {
  name: 'cut',
  title: 'It starts a long job, and a person locks it in the middle',
  async run(stage) {
    const { agent, control, status } = stage
    const { gateway } = status.listeners
    await agent.order({ do: 'connect', gateway, system: 'everything', era: '2025-11-25' })
    let progress = 0
    const job = agent.order(
      {
        do: 'call',
        system: 'everything',
        name: 'trigger-long-running-operation',
        arguments: { duration: 60, steps: 120 },
      },
      (answer) => {
        if ('progress' in answer) progress = answer.progress.progress
      },
    )
    await Promise.race([job, until(stage, async () => (progress >= 2 ? progress : undefined))])
    const reason = 'the tour shows how an agent is stopped'
    const target = { kind: 'agent', name: TOUR_AGENT }
    const began = stage.now()
    const locked = control.send('POST', '/v1/locks', { target, reason }, LockAdded)
    const end = await job
    const took = Math.round(stage.now() - began)
    const cut = (await locked).receipt ?? { calls: 0, processes: 0 }
    return {
      expected: 'progress, then cut off by the lock, its upstream processes ended',
      observed: `${progress} of 120 steps; cut off ${took} ms after the command; ${cut.calls} call and ${cut.processes} processes ended; ${failureText(end)}`,
      ok:
        progress >= 2 &&
        progress < 120 &&
        codeOf(end) === 'call.cut' &&
        cut.calls === 1 &&
        cut.processes >= 1,
    }
  },
}

const refused: Step = {
  name: 'refused',
  title: 'It tries again',
  async run({ agent, demo }) {
    const path = join(demo.scratch, 'notes', 'welcome.txt')
    const end = await agent.order(call('read_text_file', { path }))
    return {
      expected: 'refused: what was allowed a moment ago is locked',
      observed: failureText(end),
      ok: codeOf(end) === 'admit.locked',
    }
  },
}

const verify: Step = {
  name: 'verified',
  title: 'The record of all this is verified from its files, with the public key alone',
  async run({ control, home }) {
    const checkpoint = await control.send('POST', '/v1/audit/flush', {}, AuditFlushed)
    const vkey = readFileSync(join(home, 'log.vkey'), 'utf8').trim()
    const report = await verifyLog({ directory: join(home, 'log'), vkey })
    return {
      expected: 'every record hashed again, up to the signed checkpoint, and nothing wrong',
      observed: `${report.records} records, root ${report.root ?? 'unknown'}, ${report.findings.length} findings, ${report.witness}`,
      ok: report.ok && (report.size ?? 0) >= checkpoint.size,
    }
  },
}

function call(name: string, args: Readonly<Record<string, unknown>>) {
  return { do: 'call', system: 'filesystem', name, arguments: args } as const
}

const STEPS: readonly Step[] = [identify, list, task, read, write, move, cut, refused, verify]

/** Runs every step; a step that breaks is one that does not hold, and the tour goes on. */
export async function runTour(options: TourOptions): Promise<readonly TourStep[]> {
  const status = await options.control.get('/v1/status', Status)
  const agent = new AgentProcess(options.environment)
  const steps: TourStep[] = []
  try {
    for (const { name, title, run } of STEPS) {
      options.onStep({ name, title })
      const check = await run({ ...options, agent, status }).catch((error: unknown) => ({
        expected: 'the step to run to its end',
        observed: error instanceof Error ? error.message : 'it broke off',
        ok: false,
      }))
      const step = { name, ...check }
      steps.push(step)
      options.onStep(step)
    }
  } finally {
    await agent.close()
  }
  return steps
}

// Holds the tasks: what agents work on now, asked for by persons, within a scope, a budget and a window that only ever narrow (INV-4).

import { base64url } from '../../std/bytes.ts'
import { uuidv7 } from '../../std/id.ts'
import type { Problem } from '../../policy/problem.ts'
import type { Task, TaskRequest } from '../../store/rows/task.ts'
import type { TaskBudget, TaskPermit } from '../../wire/task.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { Agents } from '../registry/agents.ts'
import type { People } from '../registry/people.ts'
import { Turns } from '../turns.ts'
import type { Choice, Seeker, TaskPort } from './choice.ts'
import { TaskEndings } from './ending.ts'
import { taskFault } from './faults.ts'
import { narrowed, type Narrowing } from './narrow.ts'
import { taskBody } from './record.ts'
import { TaskView } from './view.ts'
import { checkedBudget, checkedIntent, checkedPermits, checkedWindow } from './words.ts'

/** Open tasks of one agent at once. */
const MOST_PER_AGENT = 1_000
/** Open tasks of the whole home at once. */
const MOST = 50_000
/** How long rows of ended tasks are kept, in ms: 90 days. Their records stay. */
const KEPT_MS = 90 * 86_400_000
/** How often they are looked for. */
const PRUNE_MS = 3_600_000
/** Problems of a scope that are told at once. */
const MOST_TOLD = 5

/** What is asked for. */
export interface TaskWish {
  readonly intent: string
  readonly agent: string
  /** The only instance; absent: any of the agent. */
  readonly instance?: string
  /** Only delegations that name it are under it. */
  readonly bound?: boolean
  /** Id or name of the person on whose behalf; absent: who asks; null: nobody, it acts unattended. */
  readonly user?: string | null
  readonly scope: readonly TaskPermit[]
  readonly budget?: TaskBudget
  /** ms since the epoch; absent: now. */
  readonly startsAt?: number
  /** ms since the epoch; absent: eight hours after it begins. */
  readonly endsAt?: number
}

/** Who asks, by which request. */
export interface TaskAsker {
  /** Person id. */
  readonly person: string
  readonly asked?: TaskRequest
}

/** Who ends a task, and why. */
export interface TaskWord {
  /** Person id; empty where Bailiwick itself does it. */
  readonly by: string
  readonly reason: string
}

/** Says what is wrong with the conditions of a scope under the policies in force; empty: nothing. */
export type ScopeCheck = (scope: readonly TaskPermit[]) => readonly Problem[]

/** Tasks that have not ended. Reading is synchronous, from memory. */
export class Tasks implements TaskPort {
  readonly #ports: AuthorityPorts
  readonly #people: People
  readonly #agents: Agents
  readonly #turns = new Turns()
  readonly #view = new TaskView()
  readonly #endings: TaskEndings
  /** Until it is known what conditions mean, none is taken. */
  #check: ScopeCheck = unread
  #pruned = 0

  private constructor(ports: AuthorityPorts, people: People, agents: Agents) {
    this.#ports = ports
    this.#people = people
    this.#agents = agents
    this.#endings = new TaskEndings(ports, this.#view, this.#turns)
  }

  /** Reads every task that verifies and has not ended. */
  static async load(ports: AuthorityPorts, people: People, agents: Agents): Promise<Tasks> {
    const tasks = new Tasks(ports, people, agents)
    const now = ports.clock.now()
    for (const held of await ports.store.tasks.all({ state: 'active' })) {
      if (held.doc.endsAt > now) tasks.#view.put(held)
      else tasks.#endings.mark(held.doc.id, EXPIRED)
    }
    tasks.endPointless()
    return tasks
  }

  /** Who says what the conditions of a scope mean: the policy set in force. */
  checkScopesWith(check: ScopeCheck): void {
    this.#check = check
  }

  /** The task that a call is under. */
  choose(seeker: Seeker, named?: string): Choice {
    return this.#view.choose(seeker, named, this.#ports.clock.now())
  }

  /** Tasks that have not ended, oldest first. */
  list(): readonly Task[] {
    const now = this.#ports.clock.now()
    return [...this.#view.all()]
      .map(({ held }) => held.doc)
      .filter(({ endsAt }) => endsAt > now)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Any task, however it ended. Throws `task.unknown`. */
  async get(id: string): Promise<Task> {
    const held = this.#view.get(id)?.held ?? (await this.#ports.store.tasks.get(id))
    if (held === undefined) throw unknown()
    return held.doc
  }

  /** A task that has not ended. Throws `task.unknown`. */
  find(id: string): Task {
    const doc = this.current(id)
    if (doc === undefined) throw unknown()
    return doc
  }

  /** The same; undefined for any other. */
  current(id: string): Task | undefined {
    const doc = this.#view.get(id)?.held.doc
    return doc === undefined || doc.endsAt <= this.#ports.clock.now() ? undefined : doc
  }

  /** Calls back at once when a task ended, once for each. The answer stops listening. */
  onEnd(listener: (task: string) => void): () => void {
    return this.#endings.onEnd(listener)
  }

  /** Opens a task. Who may ask is for the caller to have checked. Throws `task.*`, `agent.unknown`, `person.unknown`. */
  open(wish: TaskWish, { person, asked }: TaskAsker): Promise<Task> {
    return this.#turns.run(async () => {
      const { clock, entropy, store } = this.#ports
      const by = this.#people.find(person).id
      const now = clock.now()
      const doc: Task = {
        id: uuidv7(clock, entropy),
        intent: checkedIntent(wish.intent),
        ...this.#parties(wish, by),
        ...(wish.bound === true && { bound: true }),
        person: by,
        scope: this.#scope(wish.scope),
        budget: checkedBudget(wish.budget ?? {}),
        ...checkedWindow(wish, now),
        state: 'active',
        salt: base64url(entropy.bytes(16)),
        ...(asked !== undefined && { asked }),
        createdAt: now,
      }
      const receipt = await this.#append('task.opened', doc, by, {})
      this.#view.put(await store.tasks.insert(doc, receipt))
      return doc
    })
  }

  /** Makes a task less. Throws `task.wider` for whatever would be more, `task.unknown` for one that has ended. */
  narrow(id: string, to: Narrowing, { by, reason }: TaskWord): Promise<Task> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      this.find(id)
      const shown = this.#view.get(id)
      if (shown === undefined) throw unknown()
      const doc = narrowed(shown.held.doc, to)
      if (to.scope !== undefined) this.#scope(doc.scope)
      if (doc.endsAt <= this.#ports.clock.now()) {
        throw taskFault('task.window', 'this would end it: close or cancel it')
      }
      const receipt = await this.#append('task.narrowed', doc, by, { reason: why })
      const next = await this.#ports.store.tasks.replace(shown.held, doc, receipt)
      // Ended while it was written: what was taken stays taken, and is written in the next turn.
      if (this.#view.get(id) !== shown) throw unknown()
      this.#view.put(next)
      return doc
    })
  }

  /**
   * Ends a task: `done` by who is content, `cancelled` by who is not. In force when this is called, recorded and stored when it
   * resolves. Throws `task.unknown` for one that has ended.
   */
  async end(id: string, state: 'done' | 'cancelled', { by, reason }: TaskWord): Promise<Task> {
    const doc = this.find(id)
    this.#endings.take(id, { state, by, reason: checkedReason(reason) })
    await this.#endings.written()
    return doc
  }

  /** Ends a task that served what has ended: at once in memory, and written by the next sweep or change. */
  endServed(id: string, reason: string): void {
    if (this.#view.get(id)?.held.doc.bound === true) {
      this.#endings.take(id, { state: 'done', by: '', reason })
    }
  }

  /**
   * Ends the tasks of people who have left, whether they asked or were served, and of agents that are retired: at once in memory, and
   * written by the next sweep or change. Nobody answers any more for what they are for.
   */
  endPointless(): void {
    for (const { held } of this.#view.all()) {
      const { agent, id, person, user } = held.doc
      const left = [person, user].some((one) => this.#people.known(one)?.state === 'left')
      const retired = this.#agents.get(agent)?.state === 'retired'
      if (!left && !retired) continue
      const reason = left ? 'its person has left' : 'its agent is retired'
      this.#endings.take(id, { state: 'cancelled', by: '', reason })
    }
  }

  /** Ends what is over, and writes what could not be written before. Asked for every second or so. */
  async sweep(): Promise<void> {
    const now = this.#ports.clock.now()
    for (const { held } of this.#view.all()) {
      if (held.doc.endsAt <= now) this.#endings.take(held.doc.id, EXPIRED)
    }
    await this.#endings.written()
    if (now - this.#pruned < PRUNE_MS) return
    this.#pruned = now
    await this.#ports.store.tasks.prune('expires_at', now - KEPT_MS)
  }

  /** For whom it is. An agent that does not act without a person is not given a task for nobody (INV-4). */
  #parties(wish: TaskWish, by: string): Pick<Task, 'agent' | 'instance' | 'user'> {
    const agent = this.#agents.find(wish.agent)
    if (agent.state !== 'active') {
      throw taskFault('task.agent', `\`${agent.name}\` is ${agent.state}`)
    }
    if (wish.user === null && !agent.unattended) {
      throw taskFault('task.attended', `\`${agent.name}\` does not act without a person`)
    }
    const user = wish.user === null ? '' : this.#people.find(wish.user ?? by).id
    this.#checkRoom(agent.name)
    return {
      agent: agent.name,
      ...(wish.instance !== undefined && { instance: wish.instance }),
      user,
    }
  }

  #checkRoom(agent: string): void {
    const open = [...this.#view.all()].filter(({ held }) => held.doc.agent === agent)
    if (open.length >= MOST_PER_AGENT || this.#view.size >= MOST) {
      throw taskFault('task.too_many', `${open.length} tasks of \`${agent}\` are open already`)
    }
  }

  #scope(scope: readonly TaskPermit[]): readonly TaskPermit[] {
    const permits = checkedPermits(scope)
    const problems = this.#check(permits)
    if (problems.length === 0) return permits
    throw taskFault('task.scope', problems.slice(0, MOST_TOLD).map(problemText).join('; '))
  }

  #append(type: string, doc: Task, by: string, more: Readonly<Record<string, string>>) {
    return this.#ports.audit.append({
      type,
      phase: by === '' ? 'lifecycle' : 'admin',
      ...(by === '' ? {} : { person: by }),
      agent: doc.agent,
      body: { ...taskBody(doc), ...more },
    })
  }
}

const EXPIRED = { state: 'expired', by: '', reason: 'its time is over' } as const

/** Without anybody who can read conditions, a scope with one is refused; patterns need no reading. */
function unread(scope: readonly TaskPermit[]): readonly Problem[] {
  return scope.flatMap(({ when }, at) =>
    when === undefined
      ? []
      : [
          {
            file: `scope line ${at + 1}`,
            line: 1,
            column: 1,
            code: 'policy.task_scope' as const,
            message: 'no policies are in force that could say what it means',
          },
        ],
  )
}

function problemText({ file, line, column, message, help }: Problem): string {
  return `${file}:${line}:${column} ${message}${help === undefined ? '' : ` (${help})`}`
}

function unknown() {
  return taskFault('task.unknown', 'this task is not known, or has ended')
}

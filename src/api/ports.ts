// Holds what the control API needs from others. The authority is used as it is; what only `server/` can do comes by port.

import type { ConsoleFiles } from './console/files.ts'
import type { LinkState } from '../wire/api/gateway.ts'
import type { DecisionPoint } from './authzen/decision-point.ts'
import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { JsonObject } from '../std/json.ts'
import type { Timer } from '../std/timer.ts'
import type { WitnessedState } from '../audit/witness/witness-client.ts'
import type { ShardStanding } from '../audit/retention/standing.ts'
import type { Search } from '../audit/search/search.ts'
import type { Exports } from '../audit/export/exports.ts'
import type { AuditLog } from '../audit/log.ts'
import type { Consents } from '../authority/consent/consents.ts'
import type { Identities } from '../authority/identity/identities.ts'
import type { Roots } from '../authority/identity/roots.ts'
import type { Locks } from '../authority/locks/locks.ts'
import type { Authority } from '../authority/open.ts'
import type { Problem } from '../policy/problem.ts'
import type { ActionFacts } from '../policy/reality/facts.ts'
import type { PolicySet } from '../policy/set.ts'
import type { LockReceipt } from '../wire/lock-receipt.ts'
import type { ExplainCallAnswer } from '../wire/api/explanation.ts'
import type { UsageAnswer } from '../wire/api/policy-usage.ts'
import type { ReplayPage } from '../wire/api/policy-replay.ts'
import type { Effect } from '../wire/effect.ts'
import type { UnusualReading } from '../wire/unusual.ts'
import type {
  ExternalSource,
  ApiTransport,
  McpTransport,
  PassingChange,
  StdioTransport,
  SystemDefinition,
} from '../wire/system.ts'

/** Facts of the running server, as they are now. */
export interface ServerFacts {
  readonly version: string
  /** Name of the gateway in this process. */
  readonly gateway: string
  /** Folder of the home. */
  readonly home: string
  /** ms since the epoch. */
  readonly startedAt: number
  readonly trustDomain: string
  /** SHA-256 of the DER of the authority's root certificate, base64url. */
  readonly authorityFingerprint: string
  /** When that certificate ends, ms since the epoch. */
  readonly authorityEnds: number
  /** URLs; the control listener's with the name that it insists on. */
  readonly listeners: {
    readonly control: string
    readonly identity: string
    readonly gateway: string
    /** The gateway without TLS, for tokens; absent where it is switched off. */
    readonly plain?: string
    /** `unix://` and the path of the Workload API's socket; absent where it is not served. */
    readonly workload?: string
  }
  readonly callsInFlight: number
  /** Processes of upstream systems. */
  readonly upstreams: number
  readonly logOrigin: string
  readonly database: 'embedded' | 'postgresql'
  /** When the checkpoint was published, ms since the epoch. */
  readonly logPublishedAt?: number
  /** The account that this process runs under; the number is absent where accounts have none. */
  readonly account: { readonly name: string; readonly uid?: number }
  /** Which of the two deployments this is, and what an agent could do in it (DESIGN §4). One sentence. */
  readonly situation: string
  /** How long a person who is the only one who may lift a lock waits for that (ms). */
  readonly unlockDelayMs: number
  /** What the operator should know. One sentence each. */
  readonly warnings: readonly string[]
}

/** A system to look at: a program to be started, or a document to be read. */
export type SystemCandidate =
  | {
      readonly name: string
      readonly transport: StdioTransport | McpTransport
      /** Values by variable or credential; one of the transport's without a value keeps what is sealed already. */
      readonly secrets: Readonly<Record<string, string>>
      readonly document?: undefined
    }
  | {
      readonly name: string
      readonly transport: Omit<ApiTransport, 'document'>
      readonly secrets: Readonly<Record<string, string>>
      /** The JSON text of its OpenAPI document. */
      readonly document: string
    }
  | {
      readonly name: string
      readonly transport: { readonly kind: 'external'; readonly source: ExternalSource }
      /** The JSON text that describes its actions. */
      readonly document: string
      readonly secrets?: undefined
    }

/** What looking at a system found. Nothing is kept. */
export interface Inspection {
  /** Effects are proposals. */
  readonly definition: Omit<SystemDefinition, 'digest'>
  /** Digest of everything but the effects. */
  readonly fingerprint: string
  /** Fingerprint of what is pinned now. */
  readonly pinned?: string
  readonly changes: readonly {
    readonly action: string
    readonly change: 'added' | 'removed' | 'changed'
  }[]
  readonly warnings: readonly string[]
  /** What is to be looked at twice. */
  readonly signs: readonly Sign[]
  /** Policies in force that would not hold with it: it would be isolated until they are mended. */
  readonly breaks: readonly Problem[]
}

/** Something in a definition that should be looked at twice, and where it stands. */
export interface Sign {
  readonly code: string
  readonly place: string
  readonly message: string
  /** With what is hidden made visible. */
  readonly excerpt: string
}

/** One thing that a system shows otherwise than it was pinned. */
export interface SystemDifference {
  readonly part:
    | 'server'
    | 'identity'
    | 'instructions'
    | 'capabilities'
    | 'tool'
    | 'method'
    | 'prompt'
    | 'template'
  readonly name?: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly fields: readonly {
    readonly field: string
    readonly before?: string
    readonly now?: string
  }[]
}

/** What of a system waits for a person. */
export interface QuarantineReview {
  readonly quarantine: NonNullable<ReturnType<Authority['quarantines']['of']>>
  /** Compared with what is pinned now; empty where what it showed is not known any more. */
  readonly differences: readonly SystemDifference[]
  readonly signs: readonly Sign[]
  /** Policies in force that would not hold with it. */
  readonly breaks: readonly Problem[]
}

/** A person's yes to a system. */
export type Pin = SystemCandidate & {
  readonly effects: Readonly<Record<string, readonly Effect[]>>
  /** What else they say of actions; what is absent stays as it is pinned. */
  readonly facts: Readonly<Record<string, ActionFacts>>
  readonly fingerprint: string
  /** Person id. */
  readonly person: string
  readonly reason: string
  readonly maxProcesses?: number
  /** Absent: the one that it has already. */
  readonly environment?: string
  /** Differences that pass from now on; absent: as it is. */
  readonly passing?: readonly PassingChange[]
}

/** What applying a set of policies did, or would do. */
export type PolicyChange =
  | { readonly ok: false; readonly problems: readonly Problem[] }
  | {
      readonly ok: true
      readonly digest: string
      readonly applied: boolean
      /** `@id`s, compared with the set that decided before. */
      readonly added: readonly string[]
      readonly removed: readonly string[]
      readonly changed: readonly string[]
      readonly warnings: readonly Problem[]
      /** Id of the proposal that it became, where a second administrator has to agree. */
      readonly proposal?: string
    }

/** A replay that is asked for. */
export interface ReplayAsked {
  /** Absent: the set in force. */
  readonly sources?: readonly { readonly file: string; readonly text: string }[]
  /** ms since the epoch. */
  readonly since: number
  readonly agent?: string
  readonly alone?: boolean
  readonly limit: number
  readonly cursor?: string
}

/** One page of a replay, or what keeps the set from being asked. */
export type ReplayedPage =
  | { readonly ok: false; readonly problems: readonly Problem[] }
  | { readonly ok: true; readonly page: ReplayPage }

/** Where people connect to systems that are called as their users, each in a session of their own. */
export interface ConnectDesk {
  /** What a person is asked to consent to. Throws `credential.not_personal`. */
  offer(
    system: string,
    /** Person id. */
    person: string,
  ): {
    readonly host: string
    /** Origin of the page where they consent. */
    readonly provider: string
    readonly scope: string
  }
  /** Begins a consent; `session` is the id of that person's own. Answers the provider's page. */
  begin(of: { readonly system: string; readonly person: string; readonly session: string }): string
  /** Takes the provider's answer. Rejects with `credential.*` or `net.*`. */
  finish(
    of: { readonly system: string; readonly person: string; readonly session: string },
    query: URLSearchParams,
  ): Promise<void>
  /** Takes a consent back, here and at the provider. */
  disconnect(
    of: { readonly system: string; readonly person: string },
    by: { readonly person: string; readonly reason: string },
  ): Promise<{ readonly revoked: boolean }>
}

/** A lock as the authority made it. */
export type Lock = Awaited<ReturnType<Locks['add']>>

/** What only the server can do, as it sees the gateway. */
export interface ServerPort {
  facts(): ServerFacts
  /** How far the log is witnessed; undefined where the home names no witnesses. */
  witnessed(): WitnessedState | undefined
  /** Verifier keys as lines: of the log and its half-years, and of the witnesses that the home names. */
  verifierKeys(): { readonly log: readonly string[]; readonly witnesses: readonly string[] }
  /** Metrics in Prometheus' text format. */
  metrics(): string
  /** The set that decides now, and why the one that was applied last is not it. */
  policies(): {
    readonly set: PolicySet
    readonly problems: readonly Problem[]
    /** Systems that are isolated, with the policies that do not hold with what they are now. */
    readonly isolated: ReadonlyMap<string, readonly Problem[]>
  }
  /** Starts the system once, or asks it, on behalf of the person who looks (by id), and tells what it is. */
  inspectSystem(candidate: SystemCandidate, person: string): Promise<Inspection>
  /** Looks again and pins; throws `system.changed` (409) where it is no longer what was shown. */
  pinSystem(pin: Pin): Promise<unknown>
  /** Changes what is said of actions that are pinned; throws `system.facts` (400) where they cannot be so. */
  labelSystem(of: {
    readonly name: string
    readonly facts: Readonly<Record<string, ActionFacts>>
    /** Differences that pass from now on; absent: as it is. */
    readonly passing?: readonly PassingChange[]
    /** Person id. */
    readonly person: string
    readonly reason: string
  }): Promise<unknown>
  /** Digest of everything that a system shows, and of nothing that people say of it. */
  fingerprint(definition: SystemDefinition): string
  /** What of a system waits; undefined where nothing does. Throws `system.unknown` (404). */
  reviewSystem(name: string): QuarantineReview | undefined
  /** Pins what waits; throws `quarantine.changed` (409) where it is no longer what was shown. */
  approveSystem(of: {
    readonly name: string
    /** Of what the person was shown. */
    readonly fingerprint: string
    /** What is said of actions, effects among it; what is absent stays, and what is new has no effects confirmed. */
    readonly facts: Readonly<Record<string, ActionFacts>>
    /** Person id. */
    readonly person: string
    readonly reason: string
  }): Promise<unknown>
  applyPolicies(of: {
    readonly sources: readonly { readonly file: string; readonly text: string }[]
    /** Person id. */
    readonly person: string
    readonly reason: string
    readonly dryRun: boolean
  }): Promise<PolicyChange>
  /** Puts the text of an earlier version in force again. */
  rollbackPolicies(of: {
    readonly version: string
    /** Person id. */
    readonly person: string
    readonly reason: string
    readonly dryRun: boolean
  }): Promise<PolicyChange>
  /** Approves what another administrator proposed, and puts it in force. */
  approveProposal(of: {
    readonly proposal: string
    /** Person id. */
    readonly person: string
    readonly reason: string
  }): Promise<PolicyChange>
  /** What a set would change, as it stands now. */
  proposedChange(sources: readonly { readonly file: string; readonly text: string }[]): PolicyChange
  /** Explains a call that was decided. Throws `policy.call_unknown`, `policy.call_undecided`, `policy.call_not_kept`. */
  explainCall(call: string, options: { readonly values: boolean }): Promise<ExplainCallAnswer>
  /** Sums up what an agent used since a time (ms since the epoch). */
  policyUsage(of: { readonly agent: string; readonly since: number }): Promise<UsageAnswer>
  /** Decides recorded traffic again, one page of it. */
  replayPolicies(of: ReplayAsked): Promise<ReplayedPage>
  /** Locks, and counts what the lock cut at once. */
  lock(of: {
    readonly target: Lock['target']
    /** Person id. */
    readonly person: string
    readonly reason: string
  }): Promise<{
    readonly lock: Lock
    /** Undefined where it could not be recorded; the lock is in force all the same. */
    readonly receipt: LockReceipt | undefined
  }>
}

/** A payload that is kept, for whoever may look into it. */
export interface ReadPayload {
  readonly kind: 'arguments' | 'result'
  /** Absent where it was erased. */
  readonly text?: string
  /** What the call's records commit to, made from the text anew. Absent where it was erased. */
  readonly commitment?: string
  /** ms since the epoch. */
  readonly createdAt: number
  readonly endsAt: number
}

/** Reading what policy had kept of calls. */
export interface PayloadReading {
  of(call: string): Promise<readonly ReadPayload[]>
}

/** A held call, as its arguments are held against those of earlier calls. */
export interface HeldArguments {
  /** Id of the approval. */
  readonly id: string
  readonly agent: string
  readonly system: string
  readonly action: string
  readonly input: JsonObject
  /** ms since the epoch: what came later is not held against. */
  readonly requestedAt: number
}

/** What of a held call is like nothing before it. */
export interface EarlierReading {
  of(held: HeldArguments): Promise<UnusualReading>
}

/** How long the log is kept. */
export interface RetentionPort {
  state(): {
    /** As `retention.yaml` says it. */
    readonly keep: string
    readonly shards: readonly ShardStanding[]
    readonly inDatabase: readonly string[]
    readonly problem?: string
  }
}

/** Everything that the control API needs. */
export interface ControlPorts {
  /** The web console; undefined where none was built. */
  readonly console?: ConsoleFiles | undefined
  /** Gateways that run on their own. */
  readonly links: {
    /** `host:port` where they connect; undefined where none can. */
    readonly address: string | undefined
    of(name: string): LinkState | undefined
  }
  readonly clock: Clock
  readonly entropy: Entropy
  readonly timer: Timer
  readonly authority: Authority
  readonly identities: Pick<
    Identities,
    'list' | 'issueJoinToken' | 'revokeInstance' | 'registrations'
  >
  readonly roots: Pick<
    Roots,
    | 'trustDomain'
    | 'active'
    | 'pems'
    | 'serving'
    | 'trusts'
    | 'sequence'
    | 'tokenKeyId'
    | 'list'
    | 'rotate'
    | 'rekey'
    | 'replaceTokenKey'
  >
  readonly audit: Pick<
    AuditLog,
    | 'append'
    | 'get'
    | 'byCall'
    | 'tail'
    | 'read'
    | 'subscribe'
    | 'onGrown'
    | 'shards'
    | 'flush'
    | 'checkpoint'
    | 'newest'
    | 'proof'
    | 'stats'
  >
  readonly payloads: PayloadReading
  readonly earlier: EarlierReading
  readonly search: Pick<Search, 'page' | 'state'>
  readonly exports: Pick<Exports, 'states' | 'test' | 'replay'>
  readonly retention: RetentionPort
  readonly server: ServerPort
  readonly consents: Consents
  readonly credentials: ConnectDesk
  readonly decisions: DecisionPoint
  /** Counts a refusal of somebody unauthenticated, by its code; recorded in sums elsewhere. */
  refused(code: string): void
  /** Told what nobody foresaw, for the operator's own log. */
  failed(error: unknown, requestId: string): void
}

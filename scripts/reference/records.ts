// Holds the page of every type of record that can stand in the log, and the check that none is missing or made up.

import type { SourceFile } from '../source/tree.ts'
import { code, pageHead, table } from './markdown.ts'

type Described = Readonly<Record<string, string>>

const CALLS: Described = {
  'call.intent':
    'a call is about to reach its upstream: who, under whose delegation, what set it off, the decision with its policies, the approval if there was one, and a commitment to the arguments; durable before anything happens',
  'call.outcome':
    'how a call ended: `ok`, `tool_error`, `upstream_error`, `withheld` (it was done, and inspection kept the answer back), `not_executed`, `cut`, `cancelled`, or `unknown` where a crash left its intent without an answer; what inspection took out by kind and count, and the labels that the lineage took up, a commitment to the result, and how long each part took; `ref` is the leaf hash of the intent',
  'call.denied':
    'a call that did not run, with the code and the reason; also what an upstream asked of an agent and was refused',
  'system.asked':
    'a system asked something back of whoever called it, policy let it, and it was passed on; what was asked stands as a commitment',
  'system.answered':
    'what came back to a question of a system: `accept`, `decline`, `cancel`, or that there was a result or an error',
  'refusals.unauthenticated':
    'how many connections and requests without an identity were refused since the last of these, by kind and listener; the counts are exact',
}

const APPROVALS: Described = {
  'approval.requested':
    'a held call asks for people: what exactly the approval is bound to; durable before anybody is asked. With `ahead`, an agent asks for calls that it has not made: how often and how long',
  'approval.agreed': 'a person agreed to some of the gates, and others are still open',
  'approval.approved': 'the last gate agreed',
  'approval.escalated':
    'somebody whom a gate asks passed the request on to somebody whom that gate names: to whom, why, and until when it waits now',
  'approval.denied': 'a person refused the call',
  'approval.refused':
    'somebody answered who may not, too late, or twice; the answer counts for nothing',
  'approval.consumed': 'the one call that the approval was for has been let through',
  'approval.expired': 'nobody decided in time',
  'approval.voided':
    'the approval lost its call: a lock, an instance that ended, or a caller that cancelled',
  'check.answered':
    'a check that a gate names was asked about a held call: `allow`, `deny`, or `none` with why there is no answer that counts; durable before the call may go on',
  'amendment.given':
    'persons agreed for a whole task: to which gate, of which action under which definition and policies, how often and until when; the bounds of the arguments are behind the commitments in `terms`',
  'amendment.used':
    'one call was let through by it: the call, and how many there were of how many; durable before the call may go on',
  'amendment.withdrawn': 'a person took it back, with the reason',
  'amendment.expired': 'its time is over',
  'amendment.voided':
    'it lost what it stood on: a lock, the task, the policies, the definition, or the role of somebody who agreed',
}

const AUTHORITY: Described = {
  'trigger.learned':
    'a call came in within the trace of a call of another action: that action counts as setting it off, until the time named',
  'trigger.seen': 'what was learned so is still seen, and counts until a later time',
  'trigger.dismissed': 'a person said that a learned trigger is none, with the reason',
  'governance.proposed':
    'an administrator asks for a change of who governs that another has to agree to, or that waits until `from`',
  'governance.agreed':
    'a change of who governs has the words that it needs, and is brought about: by two, `alone`, with the rule off, or because it only takes away',
  'governance.applied': 'it was brought about; its own record stands beside this one',
  'governance.refused': 'another administrator refused it',
  'governance.withdrawn': 'who proposed it took it back',
  'governance.expired': 'nobody agreed to it in time',
  'governance.failed': 'it was agreed to and could not be: what it changes had changed',
  'governance.rule_set': 'the four-eyes rule was set: for changes of who governs, and for policies',
  'governance.seen': 'an administrator has seen the changes of who governs up to a time',
  'person.created': 'a person was added',
  'person.changed': 'the roles of a person were set, with the reason',
  'person.left': 'a person left: nothing of theirs opens anything any more',
  'person.key_added': 'a person got another key for their own programs',
  'person.key_removed': 'a key was taken from a person',
  'person.passkey_added': 'a person registered a passkey',
  'person.passkey_removed': 'a passkey was taken from a person',
  'person.passkey_used': 'a passkey was used, with its counter',
  'person.heard':
    'an identity provider said which groups somebody has who signed in there, and what roles those give',
  'login.link_issued': 'a person asked for a link that opens a session once',
  'login.link_used': 'such a link was opened',
  'session.opened': 'a person signed in on the control listener, and how',
  'session.present': 'the person of a session touched a passkey',
  'session.ended': 'a session ended: by its person, by the clock, or because the person left',
  'team.created': 'a team was made, with its members by id',
  'team.changed': 'people came into a team or went out of it; the record has who is in it since',
  'agent.registered': 'an agent was registered, with its owner and its purpose, active or pending',
  'agent.discovered': 'an agent was seen that nobody had registered; it waits for an owner',
  'agent.claimed': 'a discovered agent was given an owner, and is pending',
  'agent.activated': 'an agent became active, from `pending` or `suspended`',
  'agent.suspended': 'an agent was suspended, by a person, or because it has expired',
  'agent.orphaned': 'an agent was suspended because everybody who owned it left',
  'agent.retired': 'an agent was retired, for good',
  'agent.updated':
    'what an agent is for, its owner, its dates, its roles as a whole or its environment was changed, with the reason',
  'agent.role_assigned': 'an agent was given a role, with the reason and perhaps an end',
  'agent.role_removed': 'a role was taken from an agent',
  'agent.role_reviewed': 'a person looked at a role of an agent and found it right',
  'agent.role_expired': 'roles of an agent came to their end',
  'agent.observed':
    'a person set an agent to be observed until a time: what policy denies it of reads and writes goes on, marked in each record',
  'agent.enforced': 'a person ended observe mode of an agent',
  'agent.observe_ended': 'observe mode of an agent came to its end',
  'system.inspected':
    'a person had the program of a system started, to see what it offers; nothing was pinned',
  'system.pinned': 'a person pinned the definition of a system and the effects of its actions',
  'policy.applied':
    'a person put a set of policies in force, by its digest; `approved_by` is the second administrator, `rollback_of` an earlier version',
  'policy.proposed': 'an administrator proposed a set of policies, for another to agree to',
  'system.quarantined':
    'a system shows something else than what was pinned: what differs by names and kinds, which actions stop at it, or `whole`; none of the texts',
  'system.quarantine_approved': 'a person looked at what waited, and it was pinned',
  'system.quarantine_rejected':
    'a person looked at what waited, and what was pinned stays; the same is not asked about again',
  'system.quarantine_superseded': 'the system was pinned anew from another look at it',
  'system.change_passed':
    'a system shows a difference that a person let pass beforehand: what differs, and by which word',
  'system.certificate_renewed':
    'a system has another key under the authority that vouched for the one that was pinned',
  'policy.proposal_approved': 'another administrator agreed to a set that was proposed',
  'policy.proposal_rejected': 'a set that was proposed was rejected, or taken back',
  'policy.proposal_expired': 'nobody answered a set that was proposed in time',
  'traffic.dropped':
    'decided calls were not kept for replay, because they came faster than they could be written: how many, and how many were kept',
  'traffic.replayed': 'a person had recorded traffic decided again; `own`: by the set in force',
  'traffic.read':
    'a person read recorded traffic: what an agent used, summed up (`usage`), or what one call was decided from (`call`)',
  'task.opened':
    'a person asked for a task: `digest` is over its intent, scope and budget, `key` and `proof` are their key and its signature over the request',
  'task.narrowed': 'a task was made less: fewer permits, a smaller budget, an earlier end',
  'task.closed': 'a task was done, or the delegation that it served had ended',
  'task.cancelled': 'a task was ended before it was done',
  'task.expired': 'the time of a task was over',
  'enforcer.added':
    'a person registered a program that asks for decisions and enforces them itself',
  'enforcer.revoked': 'a person revoked such a program',
  'grant.burnt': 'an enforcer used a grant up: from here on the call may have been executed',
  'delegation.created': 'a person passed authority to an agent',
  'delegation.passed':
    'an instance passed a part of its authority on; the record has the chain, the scope and the depth',
  'delegation.revoked':
    'a delegation was taken back, or ended with what it hung on, with the reason',
  'delegation.expired': 'the time of a delegation was over',
  'delegation.bound': 'a delegation was bound to the one instance that it serves',
  'delegation.narrowed':
    'the end of a delegation was moved earlier, or it was ended, or it was bound to one task',
  'consent.given':
    'a person let a client of an agent act on their behalf: which resources, which actions, until when',
  'consent.denied': 'a person refused what a client asked for',
  'consent.redeemed': 'a client used the code of a consent, which is good once',
  'consent.begun':
    'a consent became an instance with a delegation; `binding` says whether its tokens are bound to a key',
  'consent.refreshed': 'a client used its refresh token and got the next one',
  'consent.ended':
    'a consent ended with its tokens, its delegation and its instance; `reused` where a refresh token or a code was used twice',
  'limit.added':
    'an administrator limited how much may happen within a time: on which calls, of what, how many, with the reason',
  'limit.removed': 'an administrator removed a limit, with the reason',
  'history.cleared':
    'a person took data labels off every lineage of an agent, with the reason; `labels` are those that were there',
  'history.kept':
    'a snapshot of counters was written: it counts every record before this one and none after',
  'check.added':
    'a check was registered that gates can name: its host, how long it may take, and the reason',
  'check.removed': 'a check was removed: gates that name it open for nobody',
  'lock.added': 'an active denial began, with its target and the reason',
  'lock.enforced':
    'what a gateway did for a lock: calls and programs that it cut, approvals that are void, and what stays valid elsewhere until when',
  'lock.confirmed':
    'a gateway that runs on its own has a lock in force: the calls and programs that it cut, how long after control that was, and its signature (ES256 over `bailiwick/lock-confirmed/v1`)',
  'call.late_outcome':
    'how a call ended at a gateway whose connection was gone until after its outcome was recorded as `unknown`; `ref` is the intent',
  'gateway.added':
    'an administrator registered a gateway that runs on its own: what it may reach (`systems`, null for every one), under which names it is reached, and until when its join token can be used',
  'gateway.invited': 'an administrator let a gateway enrol again, by another join token',
  'gateway.changed': 'an administrator assigned a gateway other systems, or other names',
  'gateway.enrolled':
    'a gateway used its join token: its certificate, and until when that holds; no earlier one counts from here on',
  'gateway.renewed': 'a gateway got another certificate, for another key',
  'gateway.join_token_reused':
    'somebody showed a join token of a gateway that was used: whoever used it may not be who was meant to',
  'gateway.removed':
    'an administrator removed a gateway: its certificates are worth nothing, and what it carried out was cut',
  'lock.lift_requested':
    'the first of two words that lift a lock: it is in force all the same; `from` is when the same person, alone, may say the second',
  'lock.lift_withdrawn': 'a request to lift a lock was taken back; `first` is who had asked',
  'lock.removed':
    'a lock was lifted, with the reason; `first` is who asked for it before, `alone` that one person was all there was',
  'connection.added':
    'a file of a client was put behind Bailiwick: which client, which systems, and the digests of the file before and after; what it was is sealed',
  'connection.read': 'the person whose file it is read what it was',
  'connection.closed':
    'a file of a client was given back, or is no longer ours to give back; what was sealed is gone',
  'finding.raised': 'a detector concluded something about a credential or an instance',
  'finding.answered': 'a lock answered a finding',
  'finding.closed': 'a person looked at a finding and closed it, with the reason',
  'secret.stored':
    'a value of a system, or the reference to where it is kept, was stored: its name and version, and never the value',
  'secret.rotated':
    'a person said that a value which had stood in clear was replaced at its provider',
  'secret.removed': 'a value was removed: calls that need it are refused',
  'secret.used':
    'which agents called with which credentials since the last of these; hourly for each, sooner for an agent that is new',
  'credential.connected':
    'a person consented, in their own session, to a system that is called as its users; `of` is the person',
  'credential.refreshed': 'the token of a person at a system was refreshed',
  'credential.access_revoked':
    'the access token of a consent was taken back at its system for a lock: whose, and which lock',
  'credential.disconnected':
    'the consent of a person at a system was taken back; the person of the record is who did it',
  'credential.keys_rotating':
    'another key seals credentials from here on; `from` is the one before',
  'credential.rewrapped':
    'rows of a table were wrapped under the key in force; their values did not change',
  'credential.keys_rotated': 'nothing is under an earlier key any more, and it was destroyed',
  'authority.replayed':
    'locks, used-up approvals, join tokens and evidence, revocations, distrust, and what was taken from agents, teams and people were brought back from the log into an older database',
  'authority.refused_rows':
    'rows of the database that confer authority and are not signed as they should be were left out',
}

const IDENTITY: Described = {
  'authority.root_issued': 'the first root certificate of this trust domain was made',
  'authority.root_adopted': 'the root certificate of an older home was taken over as the first one',
  'authority.root_prepared':
    'another root certificate was made: it is published and trusted, and signs nothing yet',
  'authority.root_activated':
    'a root began to sign, and the one before it is trusted until what it signed has ended',
  'authority.root_ended':
    'a root is no longer trusted, because nothing that it signed holds any more',
  'authority.root_recovered':
    'no root could sign, after a long sleep or without its key, so another one signs at once',
  'authority.rekeyed':
    'a person distrusted every root there was, without overlap, and another one signs; the instances that it ended follow one by one',
  'authority.token_key_replaced':
    'another key signs tokens, and every token that the one before it signed is dead',
  'trust.added': 'a person trusted an issuer or certificate authority of others, and for what',
  'trust.removed':
    'an issuer or certificate authority is no longer trusted; the instances that it vouched for follow one by one',
  'signal.received':
    'a security event of somebody whose word counts: which, about which person, and what it did here; `set` is the digest by which it is known again',
  'registration.added':
    'a person said which attested facts make a workload an instance of an agent, and on whose behalf',
  'registration.removed':
    'such a registration was taken away; the instances that enrolled by it follow one by one',
  'svid.jwt_issued': 'an instance got a JWT-SVID: its `jti`, its audience and its end',
  'token.issued':
    'an instance got an access token, or one that hands a delegation on; the record has ids, the kind of binding and the end',
  'token.revoked': 'a token was taken away before its end, with the reason',
  'join_token.issued': 'a join token was made for an agent; the record has its id only',
  'join_token.expired': 'a join token ended unused',
  'join_token.reused': 'a join token was presented a second time: it may have been stolen',
  'instance.enrolled': 'an instance was enrolled and got its first certificate',
  'instance.renewed': 'an instance got its next certificate',
  'instance.ended': 'an instance ended by itself or by its age',
  'instance.revoked': 'a person ended an instance',
}

const LOG: Described = {
  'gateway.start':
    'a gateway started: where its last run ended, how many intents that run left open, how many torn bytes were cut',
  'gateway.stop': 'a gateway stopped in order; every record of its run stands before this one',
  'log.refused':
    'something stands in PostgreSQL under the name of a gateway that no gateway of this log recorded: which name, boot and number; it gets no index, and neither does what follows it there',
  'log.forked':
    'a witness has shown a checkpoint that this log’s key signed and that this log does not continue: which witness, what it says, and the signed checkpoint',
  'backup.made': 'a backup of this home was made: the digest of its manifest, files and bytes',
  'log.exported': 'a shard of the log is about to be copied to somewhere else, as a person asks',
  'log.restored':
    'this home was put back from a backup: of when, by whom and why, where the log of the backup ended, and in which shard it goes on',
  'store.moved': 'the rows of this home moved from SQLite to PostgreSQL: how many',
  'gateway.lost':
    'the last run of this gateway ended without a stop: its newest record; what it had out was answered `unknown`',
  'audit.break_glass':
    'records go to another disk for a time, or come home: who asked for it on this machine, where to, until when, and why',
  'audit.suspended': 'the disk of the spool is nearly full: no calls are taken, what people do is',
  'audit.resumed': 'there is room again: how many records of calls were refused meanwhile, by type',
  'refusals.quota':
    'records that instances would have caused beyond what one may: how many, exactly, by instance',
  'log.shard_closed':
    'a half-year is over: the shard that ended, with its last size and root; this record begins the one that follows',
  'log.shard_dropped':
    'retention is about to remove a shard: its size and root, the policy, whether it was exported, and what went before',
  heartbeat: 'nothing happened, and the gateway was there: silence is not absence',
  'export.begun':
    'a sink came into sinks.yaml, or has another address: its kind, where it is, and from which record on it gets the log',
  'export.tested': 'a person had a sink tested: it was sent this very record',
  'export.replayed': 'a person had a sink sent everything from a record on once more',
  'subject.opened': 'a key was made for what no person stands behind',
  'subject.held': 'a person keeps what is kept of somebody from being erased, with the reason',
  'subject.released': 'such a hold ended, with the reason',
  'payload.read':
    'a person looked at what was kept of a call, and why; `shown` has the commitment to each text that they were shown',
  'payload.dropped': 'payloads that were to be kept could not be written: how many',
  'erasure.begun':
    'a person had what is kept of somebody erased: of whom (an id), on what basis, with the reason; from here on it is completed, whatever happens',
  'erasure.done':
    'an erasure is complete: how many of what, and the number of the key that there is now; never what was erased',
  'request.refused':
    'a request to the control API was refused of somebody who is known: the route, the code, and how many of theirs before it were only counted',
  'audit.read': 'a person read the record or the arguments of a held call, and what they asked for',
}

const SECTIONS: readonly (readonly [title: string, types: Described])[] = [
  ['Calls', CALLS],
  ['Approvals', APPROVALS],
  ['Authority', AUTHORITY],
  ['Identity', IDENTITY],
  ['The log itself', LOG],
]

/** Every type of record that can stand in the log. */
export const RECORD_TYPES: readonly string[] = SECTIONS.flatMap(([, types]) => Object.keys(types))

const ABOUT = `A record is canonical JSON (RFC 8785) in one leaf of the log. Every record has \`v\` (version of the schema), \`id\`
(UUIDv7), \`nonce\` (128 random bits), \`type\`, \`phase\` (\`intent\` \`outcome\` \`decision\` \`admin\` \`lifecycle\`), \`ts\` (RFC 3339, UTC),
\`gateway\`, \`boot\` and \`iseq\` (its place since the gateway's start, from 1, without gaps) and \`body\`; where they apply \`ref\`
(leaf hash of the record that it answers), \`call\`, \`person\`, \`agent\`, \`instance\`, \`system\`, \`action\`, \`task\` and \`trace\` (the last two since version 2). No record holds
arguments, results or secrets: see [commitments](../decisions/commitments.md). Where people typed something, a reason above all, a record
holds \`{"commitment": "sha256:…"}\` in its place, and the words stand beside the log: see [privacy](../concepts/privacy.md).
`

// A dotted name that ends so is a file or a host, whatever its first word.
const FILE = /\.(?:pem|key|json|lock|vkey|db|sealed|pid|localhost)$/
/** Members of documents of standards that look like types. */
const MEMBERS: ReadonlySet<string> = new Set(['subject.properties'])
const NAME = /^[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*$/

/** The page. Throws where the source writes a type that is not described here, or one is described that it never writes. */
export function recordsPage(source: ReadonlyMap<string, SourceFile>): string {
  const written = typesIn(source)
  const described = SECTIONS.flatMap(([, types]) => Object.keys(types))
  const unknown = [...written.sure].filter((type) => !described.includes(type))
  const idle = described.filter((type) => !written.texts.has(type))
  if (unknown.length > 0)
    throw new Error(`scripts/reference/records.ts lacks ${unknown.join(', ')}`)
  if (idle.length > 0) throw new Error(`nothing writes records of type ${idle.join(', ')}`)
  const sections = SECTIONS.map(([title, types]) => {
    const rows = Object.entries(types).map(([type, about]) => [code(type), about])
    return `\n## ${title}\n\n${table(['type', 'what it says'], rows)}`
  })
  return pageHead('Records', ABOUT) + sections.join('')
}

/**
 * Types in the floors that write records. `sure` are those that can be nothing else: the text of a `type` member, or a name
 * with the noun of a known record that no catalogue has as a code. `texts` is every text.
 */
function typesIn(source: ReadonlyMap<string, SourceFile>) {
  const nouns = SECTIONS.flatMap(([, types]) => Object.keys(types)).map(
    (type) => type.split('.')[0],
  )
  const codes = new Set<string>()
  const sure = new Set<string>()
  const texts = new Set<string>()
  const names: string[] = []
  for (const { path, tokens } of source.values()) {
    const writes = /^src\/(?:audit|authority|gateway|api|server)\//.test(path)
    tokens.forEach(({ kind, text }, at) => {
      if (kind !== 'text') return
      if (tokens[at + 1]?.text === ':' && tokens[at + 2]?.text === '{') codes.add(text)
      if (!writes || path.endsWith('.test.ts')) return
      texts.add(text)
      if (!NAME.test(text) || FILE.test(text)) return
      if (tokens[at - 2]?.text === 'type' && tokens[at - 1]?.text === ':') sure.add(text)
      else if (nouns.includes(text.split('.')[0])) names.push(text)
    })
  }
  for (const name of names) if (!codes.has(name) && !MEMBERS.has(name)) sure.add(name)
  return { sure, texts }
}

// Holds the gateway's catalogue of codes: every reason for which a call is refused or fails.

import { faults, type FaultCatalogue } from '../std/fault.ts'

const LATER = 'try again later'

/** Codes that a caller of the gateway may see, with the HTTP status where one applies and what to do next. */
export const GATEWAY_FAULTS = {
  'authenticate.no_credential': {
    status: 401,
    next: 'enrol this instance and connect with its X.509-SVID over mutual TLS, or get a token from the authorization server',
  },
  'authenticate.unknown_certificate': {
    status: 401,
    next: 'enrol again: this certificate is expired, revoked or was never issued here',
  },
  'authenticate.unknown_token': {
    status: 401,
    next: 'ask the token endpoint for a new token',
  },
  'authenticate.unknown_peer': { status: 401, next: 'enrol the process as an instance' },
  'authenticate.header': {
    status: 400,
    next: 'send one Authorization header: DPoP or Bearer, and a token',
  },
  'authenticate.query': { status: 400, next: 'send the token in the Authorization header alone' },
  'authenticate.proof': {
    status: 401,
    next: 'send one DPoP proof with the token (RFC 9449 §4.2)',
  },
  'authenticate.insufficient_scope': {
    status: 403,
    next: 'ask for a token whose scope covers the action',
  },
  'authenticate.delegation_over': {
    status: 401,
    next: 'ask for a new delegation: the one that it acts under has ended',
  },
  'authenticate.task_over': {
    status: 403,
    next: 'ask for a task to be opened: bailiwick task open AGENT --intent TEXT --allow SYSTEM/ACTION',
  },
  'authenticate.unknown_task': {
    status: 403,
    next: 'name a task that is open for this agent and this person, or none where only one is',
  },
  'admit.locked': { status: 403, next: 'do not retry: a person has to lift the lock' },
  'admit.too_old': { status: 403, next: 'enrol again: this instance is past its absolute life' },
  'admit.stale_view': { status: 503, next: LATER },
  'admit.busy': { status: 503, next: LATER },
  'admit.too_many': { status: 429, next: 'wait for calls of this instance to end' },
  'resolve.unknown_system': { status: 404, next: 'ask for `tools/list` of a registered system' },
  'resolve.unknown_action': {
    status: 404,
    next: 'ask for `tools/list`, which shows what may be called',
  },
  'resolve.bad_arguments': { status: 400, next: 'correct the arguments to fit the input schema' },
  'resolve.definition_changed': {
    status: 409,
    next: 'do not retry: a person has to look at what changed: bailiwick system diff SYSTEM',
  },
  'resolve.quarantined': {
    status: 409,
    next: 'do not retry: a person has to look at what changed: bailiwick system diff SYSTEM',
  },
  'resolve.external': {
    status: 501,
    next: 'call the system by the program that enforces for it: the gateway has no way to it',
  },
  'decide.out_of_scope': {
    status: 403,
    next: 'do something that the delegation covers, or ask for one that covers this',
  },
  'decide.no_task': {
    status: 403,
    next: 'have a task opened (bailiwick task open AGENT --intent TEXT --allow SYSTEM/ACTION), or name one of several: the header Bailiwick-Task, or _meta["dev.bailiwick/task"]',
  },
  'policy.denied': { status: 403, next: 'do something else, or ask for the policy to be changed' },
  'policy.isolated': {
    status: 403,
    next: 'do not retry: a person has to mend the policies, which `bailiwick policy show` names',
  },
  'reserve.rate_limited': {
    status: 429,
    next: 'wait as long as `retry_after_ms` says, then try again',
  },
  'reserve.concurrency': { status: 429, next: 'wait for calls that run to end, then try again' },
  'reserve.budget_spent': {
    status: 403,
    next: 'do not retry: the budget of the task is used up, and a person has to open another task',
  },
  'reserve.bad_measure': {
    status: 400,
    next: 'send what is counted as a whole number, or as texts: bailiwick system show SYSTEM says where it is looked for',
  },
  'reserve.breaker': {
    status: 403,
    next: 'do not retry: a person has to look at the finding, and activate the agent again',
  },
  'approval.pending': {
    status: 202,
    next: 'make the same call again with the same arguments: it joins the wait',
  },
  'approval.unbound': {
    status: 403,
    next: 'send a body of at most 1 MiB, or one with a Content-Digest header (RFC 9530, sha-256)',
  },
  'check.denied': { status: 403, next: 'change what the reason says, and make the call again' },
  'check.failed': {
    status: 503,
    next: 'make the call again later; operators see in the record why the check gave no answer',
  },
  'approval.denied': { status: 403, next: 'do not retry: a person decided' },
  'approval.expired': { status: 403, next: 'make the call again, which asks again' },
  'approval.void': { status: 403, next: 'make the call again, which asks again' },
  'audit.quota': {
    status: 429,
    next: 'wait as long as `retry_after_ms` says, and then cause fewer records',
  },
  'audit.unavailable': {
    status: 503,
    next: 'try again: nothing was done, because it could not be recorded',
  },
  'upstream.unavailable': { status: 502, next: 'try again, then tell the operator' },
  'upstream.start': {
    status: 502,
    next: 'run the command by hand, as the account that runs Bailiwick, in a folder that it may read (`--cwd`)',
  },
  'egress.target': {
    status: 400,
    next: 'ask the proxy for CONNECT host:port, or for an absolute http URL without `..` and with escapes where they are needed',
  },
  'egress.server_name': {
    status: 403,
    next: 'connect to the host whose name is in the TLS handshake',
  },
  'egress.bounds': { status: 502, next: 'open a new connection, and carry less by each' },
  'egress.undeclared': {
    status: 403,
    next: 'have a person add the host to what the system may reach: `bailiwick system add … --network HOST`',
  },
  'upstream.sandbox': {
    status: 503,
    next: 'install bubblewrap (Debian: `apt install bubblewrap`), or let this system run without: `bailiwick doctor` says what keeps it from working',
  },
  'upstream.busy': { status: 503, next: 'try again when another instance has finished' },
  'upstream.died': { status: 502, next: 'find out whether it was done before trying again' },
  'upstream.timeout': { status: 504, next: 'find out whether it was done before trying again' },
  'upstream.bad_answer': {
    status: 502,
    next: 'tell the operator: the system answered what cannot be read',
  },
  'upstream.credential': {
    status: 502,
    next: 'tell the operator: the credential of the system has to be put in order (bailiwick credential)',
  },
  'upstream.asks_input': {
    status: 501,
    next: 'use an action that needs no input of its own: requests from a system are refused here',
  },
  'inspect.refused': {
    status: 502,
    next: 'do not retry: it was done, and policy keeps the answer back; ask for less, or for the policy to be changed',
  },
  'inspect.too_large': {
    status: 502,
    next: 'do not retry as it is: it was done; ask for less, or for a page of it',
  },
  'inspect.bad_type': {
    status: 502,
    next: 'do not retry: it was done; tell the operator that the system answers with another type than it names',
  },
  'inspect.bad_schema': {
    status: 502,
    next: 'do not retry: it was done; tell the operator that the system answers against its own output schema',
  },
  'call.cancelled': { status: 499, next: 'nothing: the caller cancelled' },
  'call.cut': { status: 403, next: 'do not retry: a person locked this while it ran' },
  'call.internal': { status: 500, next: "look at the server's own log" },
  'hook.unreadable': { status: 400, next: 'connect the hooks of the client again' },
  'mcp.method': { status: 404, next: 'use tools/list and tools/call' },
  'mcp.message': { status: 400, next: 'send one JSON-RPC 2.0 message' },
  'mcp.session': {
    status: 404,
    next: 'begin a new session: send `initialize` without Mcp-Session-Id',
  },
  'mcp.sessions': { status: 429, next: 'end a session that is not used any more (DELETE)' },
  'mcp.cursor': { status: 400, next: 'ask for the list from its beginning, without a cursor' },
  'mcp.state': {
    status: 400,
    next: 'make the request again without requestState: what was asked is over, or was asked of somebody else',
  },
  'mcp.name': {
    status: 404,
    next: 'ask for the list again: names of the joined endpoint are `<system>__<name>`',
  },
  'mcp.task': {
    status: 404,
    next: 'use the id of a task that this caller began, or begin another',
  },
  'mcp.cannot_ask': {
    status: 501,
    next: 'use a client that says in its capabilities that it can be asked this, with a session (2025-11-25) or by input_required (2026-07-28)',
  },
  'mcp.streams': { status: 429, next: 'close a stream that is not read any more' },
  'mcp.headers': { status: 400, next: 'make the headers agree with the body' },
  'mcp.version': { status: 400, next: 'speak 2026-07-28 or 2025-11-25' },
  'mcp.envelope': { status: 400, next: 'send the `_meta` that revision 2026-07-28 requires' },
  'http.method': { status: 405, next: 'use POST' },
  'http.media_type': { status: 415, next: 'send Content-Type: application/json' },
  'http.path': { status: 404, next: 'use /mcp/<system> or /http/<system>/…' },
  'http.host': { status: 421, next: 'connect to the address that `bailiwick status` names' },
  'http.target': {
    status: 400,
    next: 'send a path and a query that can be read in one way alone, with nothing encoded that need not be',
  },
  'http.no_operation': {
    status: 404,
    next: 'use a method and a path of the OpenAPI document that the system was registered with: bailiwick system show SYSTEM',
  },
  'http.parameter': {
    status: 400,
    next: 'send every parameter once, as the OpenAPI document names it, and no other',
  },
  'http.form': {
    status: 400,
    next: 'send a form with the fields that the operation has, files last',
  },
  'http.digest': { status: 400, next: 'send the body that Content-Digest says' },
  'http.origin': { status: 403, next: 'do not call the gateway from a web page' },
  'http.body': { status: 413, next: 'send a smaller body' },
  'http.malformed': { status: 400, next: 'send HTTP/1.1 with one length for each body' },
  'http.headers': { status: 431, next: 'send fewer and shorter headers' },
  'http.slow': { status: 408, next: 'send the whole request within 30 seconds' },
} as const satisfies FaultCatalogue

/** A code of the gateway. */
export type GatewayCode = keyof typeof GATEWAY_FAULTS

/** Makes a Fault of the gateway. */
export const gatewayFault = faults(GATEWAY_FAULTS)

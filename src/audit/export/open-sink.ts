// Holds the opening of a sink by its kind.

import type { Clock } from '../../std/clock.ts'
import { EmailSink } from './email-sink.ts'
import { FileSink } from './file-sink.ts'
import { OtlpSink } from './otlp-sink.ts'
import { SlackSink } from './slack-sink.ts'
import type { SinkSettings } from './settings.ts'
import type { Sink } from './sink.ts'
import { SyslogSink } from './syslog-sink.ts'
import { WebhookSink } from './webhook-sink.ts'

/** Opens a sink: nothing is sent or connected yet. `control` is where the control listener is, for links. Throws `export.settings` for a file that it cannot read. */
export function openSink(
  settings: SinkSettings,
  version: string,
  clock: Clock,
  control = '',
): Sink {
  switch (settings.kind) {
    case 'syslog':
      return new SyslogSink(settings, version)
    case 'otlp':
      return new OtlpSink(settings, version)
    case 'webhook':
      return new WebhookSink(settings, clock, control)
    case 'slack':
      return new SlackSink(settings, clock, control)
    case 'email':
      return new EmailSink(settings, clock, control)
    case 'file':
      return new FileSink(settings)
  }
}

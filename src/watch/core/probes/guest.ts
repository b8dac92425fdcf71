import { type Found, found, quoted } from './found.ts';

/** What `virsh domstate --reason` prints of a guest that should run. */
export function judgeGuest(text: string): Found {
  const said = text.trim();
  const [, state = '', reason = ''] =
    /^(running|idle|paused|in shutdown|shut off|crashed|pmsuspended)(?: \(([^()\n]*)\))?$/.exec(
      said,
    ) ?? [];
  const why = reason === '' ? '' : ` (${quoted(reason, 80)})`;
  const detail = { state, reason: quoted(reason, 80) };
  switch (state) {
    case 'running':
    case 'idle':
      return found('healthy', `it runs${why}`, detail);
    case 'paused':
      // `I/O error`: its disk failed beneath it.
      return found('broken', `it is paused${why}`, detail);
    case 'pmsuspended':
    case 'in shutdown':
      return found('impaired', `it is ${state}${why}`, detail);
    case 'shut off':
    case 'crashed':
      return found('broken', `it is ${state}${why}, and should run`, detail);
    default:
      return found('unreadable', `virsh printed what is no state: ${quoted(said)}`);
  }
}

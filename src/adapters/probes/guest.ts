import { judgeGuest } from '../../watch/core/probes/guest.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { type ToolOptions, toolProbe } from './tool-probe.ts';

export interface GuestOptions extends ToolOptions {
  readonly name: string;
  readonly guest: string;
  readonly uri: string;
  readonly everyMs?: number;
}

/** A guest of libvirt that should run. Asked read-only. */
export function guestProbe(options: GuestOptions): Probe {
  const { name, guest, uri, program = 'virsh', everyMs = 60_000, timeoutMs = 20_000 } = options;
  return toolProbe({
    kind: 'guest',
    name,
    everyMs,
    timeoutMs,
    program,
    args: ['--connect', uri, '--readonly', '--quiet', 'domstate', '--domain', guest, '--reason'],
    judge: judgeGuest,
  });
}

import fs from 'node:fs';
import path from 'node:path';
import { linesSaid } from '../../base/lines-said.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import { judgePlugin } from '../../watch/core/probes/nagios.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';
import { boundedProbe } from './bounded-probe.ts';
import { ProbeChild } from './probe-child.ts';

/** Where distributions put plugins; ours first, so that a host may put another in place of one. */
export const PLUGIN_FOLDERS: readonly string[] = [
  '/etc/holdfast/plugins',
  '/usr/lib/nagios/plugins',
  '/usr/lib64/nagios/plugins',
  '/usr/lib/monitoring-plugins',
  '/usr/libexec/nagios/plugins',
  '/usr/local/lib/nagios/plugins',
];

export interface PluginOptions {
  readonly name: string;
  /** The name of a file in one of `folders`. */
  readonly plugin: string;
  readonly args: readonly string[];
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly folders?: readonly string[];
}

const OUTPUT_BYTES_MAX = 64 * 1024;

/** A Nagios plugin, run as it is: an argument is one, and no shell reads them. */
export function pluginProbe(options: PluginOptions): Probe {
  const { name, plugin, args, everyMs, timeoutMs, folders = PLUGIN_FOLDERS } = options;
  const child = new ProbeChild();
  return boundedProbe({
    kind: 'plugin',
    name,
    everyMs,
    timeoutMs: timeoutMs + 1000,
    look: async (signal) => {
      const program = folders.map((folder) => path.join(folder, plugin)).find(isFile);
      if (program === undefined) {
        const where = folders.join(', ');
        return found('unreadable', `there is no plugin ${quoted(plugin)} in ${where}`);
      }
      const answer = await child.run({
        program,
        args,
        limitMs: timeoutMs,
        bytesMax: OUTPUT_BYTES_MAX,
        signal,
      });
      if (answer.how !== 'ended') return found('unreadable', answer.why);
      const isSilent = answer.stdout.trim() === '';
      const said = isSilent ? linesSaid(answer.stderr).slice(-1).join('') : answer.stdout;
      return judgePlugin(answer.status, said);
    },
  });
}

function isFile(file: string): boolean {
  try {
    return fs.statSync(file).isFile();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

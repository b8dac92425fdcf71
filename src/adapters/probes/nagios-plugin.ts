import fs from 'node:fs';
import path from 'node:path';
import { linesSaid } from '../../base/lines-said.ts';
import { found, quoted } from '../../watch/core/probes/found.ts';
import { judgePlugin } from '../../watch/core/probes/nagios.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';
import { boundedProbe } from './bounded-probe.ts';
import { pathProbe } from './path-there.ts';
import { ProbeChild } from './probe-child.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';

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
  /** Files that it answers from: whatever it says, it is worth as much as they are fresh. */
  readonly reads?: readonly string[];
  readonly ageMaxMs?: number;
}

/** A file on a mount that does not answer. */
const SOURCE_MS = 5000;
const OUTPUT_BYTES_MAX = 64 * 1024;

/** A Nagios plugin, run as it is: an argument is one, and no shell reads them. */
export function pluginProbe(options: PluginOptions, time: ProbeTime = probeTime): Probe {
  const { name, plugin, args, everyMs, timeoutMs, folders = PLUGIN_FOLDERS } = options;
  const child = new ProbeChild();
  const sources = (options.reads ?? []).map((file) => sourceOf(file, options, time));
  return boundedProbe({
    kind: 'plugin',
    name,
    everyMs,
    timeoutMs: timeoutMs + 1000 + (sources.length > 0 ? SOURCE_MS : 0),
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
      const finding = judgePlugin(answer.status, said);
      const looks = await Promise.all(sources.map((source) => source.look(signal)));
      const old = looks.findIndex(({ saw }) => saw !== 'healthy');
      if (old === -1) return finding;
      const [file, trouble] = [quoted(sources[old]?.file ?? ''), looks[old]?.why ?? ''];
      const why = `what it reads, ${file}, is no evidence: ${trouble}. It says: ${finding.why}`;
      return found('unreadable', why, finding.detail);
    },
  });
}

interface Source {
  readonly file: string;
  readonly look: Probe['look'];
}

/** Looked at after the plugin has read it: what has stopped in between is seen, not missed. */
function sourceOf(file: string, { ageMaxMs }: PluginOptions, time: ProbeTime): Source {
  const wanted = { type: 'any', bytesMin: undefined, ageMaxMs } as const;
  const at = { name: file, path: file, everyMs: SOURCE_MS, timeoutMs: SOURCE_MS };
  const probe = pathProbe({ ...at, wanted }, time);
  return { file, look: (signal) => probe.look(signal) };
}

function isFile(file: string): boolean {
  try {
    return fs.statSync(file).isFile();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

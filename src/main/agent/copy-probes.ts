/** How the copies stand that `up` of this host makes: read from its state, never from the places. */
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeClock } from '../../adapters/node/clock.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { boundedProbe } from '../../adapters/probes/bounded-probe.ts';
import type { ByteString } from '../../base/bytes.ts';
import { judgeCopy } from '../../watch/core/copies/copy-standing.ts';
import { found } from '../../watch/core/probes/found.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import { readCopies } from '../up/copies/copies-file.ts';

const KIND = 'copy';
const EVERY_MS = 60_000;
const TIMEOUT_MS = 5000;

/** One for each; one of its own where it cannot be known which there are. */
export function copyProbes(state: ByteString): readonly Probe[] {
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  const clock = nodeClock();
  const copies = readCopies(ports, state);
  const probeOf = (name: string): Probe =>
    boundedProbe({
      ...{ kind: KIND, name, everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS },
      look: () => {
        const kept = readCopies(ports, state);
        if (kept === undefined) {
          return Promise.resolve(found('unreadable', 'what is kept of the copies cannot be read'));
        }
        const copy = kept.find(({ to }) => to === name);
        const gone = found('unreadable', 'holdfast.yaml has it no more below copies');
        return Promise.resolve(copy === undefined ? gone : judgeCopy(copy, clock.now()));
      },
    });
  return copies === undefined
    ? [unreadableProbe(ports, state)]
    : copies.map(({ to }) => probeOf(to));
}

function unreadableProbe(
  ports: {
    readonly disk: ReturnType<typeof nodeDisk>;
    readonly tools: ReturnType<typeof nodeTools>;
  },
  state: ByteString,
): Probe {
  return boundedProbe({
    ...{ kind: KIND, name: 'all', everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS },
    look: () => {
      const isRead = readCopies(ports, state) !== undefined;
      const why = isRead ? 'they are watched one by one' : 'copies.json cannot be read';
      return Promise.resolve(found(isRead ? 'healthy' : 'unreadable', why));
    },
  });
}

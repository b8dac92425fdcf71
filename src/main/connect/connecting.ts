/** Around every look into a repository: ledger, scratch, a look at this machine, and the way out. */
import fs from 'node:fs';
import { ToolRunner } from '../../adapters/backup-tool/tool-runner.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import type { DurationMs } from '../../base/units.ts';
import type { ConnectedRepository } from '../../watch/core/connected.ts';
import type { Cli } from '../cli/cli.ts';
import { lookAround } from '../cli/look-here.ts';
import { textOfBytes } from '../cli/places.ts';
import type { Settings } from '../cli/settings.ts';
import { ownDirectories } from '../vault-place.ts';
import type { ConnectParts } from './connect-parts.ts';
import { takeScratch } from './connect-scratch.ts';

interface Connecting {
  readonly cli: Cli;
  readonly settings: Settings;
  readonly limit: DurationMs;
}

/** @throws Fault HF_CONNECT_BUSY, HF_LEDGER_UNAVAILABLE, and what `act` throws */
export async function connecting<T>(
  { cli, settings, limit }: Connecting,
  act: (parts: ConnectParts) => Promise<T>,
): Promise<T> {
  const state = settings.state.value;
  const runner = new ToolRunner();
  const scratch = takeScratch(state);
  const isOver = cli.stop.onStop(() => {
    runner.endAll();
    scratch.clean();
  });
  cli.stop.note('Nothing in the repository was changed; no scratch is left.');
  try {
    const ledger = await openLedger(textOfBytes(byteString(`${state}/state.db`)));
    try {
      const step = (text: string): void => cli.terminal.err(`  ${text}\n`);
      step('looking at this machine');
      const discovery = await lookAround(cli, settings);
      const { vault } = settings;
      const own = [...(vault === undefined ? [] : ownDirectories(vault.value)), state];
      return await act({ cli, ledger, runner, scratch, discovery, own, limit, step });
    } finally {
      await ledger.close();
    }
  } finally {
    isOver();
    scratch.release();
  }
}

export interface KnownRepositories {
  readonly repositories: readonly ConnectedRepository[];
  /** Newest, by subject. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly forgetAll: (of: readonly ConnectedRepository[]) => Promise<void>;
}

/** Of a data base that is not there nothing is known, and none is made by asking. */
export async function knownRepositories(state: ByteString): Promise<KnownRepositories> {
  const path = byteString(`${state}/state.db`);
  if (!fs.existsSync(fsPath(path))) {
    return { repositories: [], evidence: new Map(), forgetAll: () => Promise.resolve() };
  }
  const open = () => openLedger(textOfBytes(path));
  const ledger = await open();
  try {
    const samples = await ledger.current('sample/');
    return {
      repositories: await ledger.connected(),
      evidence: new Map(samples.map((each) => [each.subject, each])),
      forgetAll: async (of) => {
        const again = await open();
        try {
          for (const each of of) await again.forgetConnected(each);
        } finally {
          await again.close();
        }
      },
    };
  } finally {
    await ledger.close();
  }
}

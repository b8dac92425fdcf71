/**
 * `up` in this process, with its real vault, ledger, backup and drill; only the look at the machine
 * is made up, so that a test does not depend on what else lies here, and the clock can be moved.
 */
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import { byteString } from '../../src/base/bytes.ts';
import { PLAIN } from '../../src/base/say.ts';
import { durationMs, seconds, unixMs } from '../../src/base/units.ts';
import type { Cli } from '../../src/main/cli/cli.ts';
import { readSettings } from '../../src/main/cli/settings.ts';
import { StopSignals } from '../../src/main/cli/stop-signals.ts';
import { openOrMakeVault } from '../../src/main/up/local-vault.ts';
import { Rounds, type UpOutcome } from '../../src/main/up/rounds.ts';
import { targetsOf } from '../../src/main/up/targets.ts';
import { TerminalScreen } from '../../src/main/up/up-screen.ts';
import type { Stop } from '../../src/main/up/up-stop.ts';
import { UpWork } from '../../src/main/up/up-work.ts';
import type { Protected } from '../../src/main/up/up-view.ts';
import type { Discovery, FoundData } from '../../src/watch/core/discovery.ts';
import type { Exposure } from '../../src/watch/core/exposure/rows.ts';

const REAL = nodeClock();
const signals = new StopSignals(() => undefined);

export interface Ran extends UpOutcome {
  readonly out: string;
}

export interface RanWith {
  readonly aheadMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Disk beneath the vault and the key; the data lie on `vda`. */
  readonly disk?: string;
  readonly minFree?: string;
}

export class UpBench {
  readonly scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-up-'));
  readonly state = path.join(this.scratch, 'state');
  readonly data = path.join(this.scratch, 'data');

  constructor() {
    this.write('a', 'the first file\n');
    this.write('below/b', Buffer.alloc(300_000, 'some text that compresses\n'));
  }

  /** A file below the data, of long ago: what is young is read again next time. */
  write(name: string, content: string | Uint8Array): void {
    const file = path.join(this.data, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    const old = new Date(Date.now() - 3_600_000);
    for (let at = file; at !== this.scratch; at = path.dirname(at)) fs.utimesSync(at, old, old);
  }

  /** One round. */
  async once(options: RanWith = {}): Promise<Ran> {
    let out = '';
    const cli = this.cli((text) => {
      out += text;
    }, options);
    const settings = await readSettings(cli, {});
    const targets = targetsOf(cli, settings, [this.data]);
    const opened = await openOrMakeVault(cli, settings, {});
    const ledger = await openLedger(path.join(this.state, 'state.db'));
    try {
      const screen = new TerminalScreen(cli, opened);
      const work = new UpWork({
        ...{ cli, opened, ledger, targets, isNewState: false },
        minFree: options.minFree,
        step: (text) => screen.step(text),
      });
      const { clean, protect, room, scrub, view } = work;
      const look = (): Promise<Discovery> => Promise.resolve(this.#discovery(cli, options));
      const ports = {
        clock: cli.clock,
        stop: NEVER,
        screen,
        clean,
        look,
        protect,
        room,
        scrub,
        view,
      };
      const outcome = await new Rounds(ports, targets).run(true);
      return { ...outcome, out };
    } finally {
      await ledger.close();
    }
  }

  cli(out: (text: string) => void, { aheadMs = 0, env = {} }: RanWith = {}): Cli {
    return {
      env: { HOLDFAST_STATE: this.state, PATH: '/usr/bin:/bin', ...env },
      cwd: byteString(this.scratch),
      terminal: {
        ...{ style: PLAIN, errorStyle: PLAIN, isLive: false, canAsk: false, out },
        err: () => undefined,
      },
      clock: { ...REAL, now: () => unixMs(REAL.now() + aheadMs) },
      stop: signals,
      wantsJson: false,
    };
  }

  packs(): readonly string[] {
    const dir = path.join(this.state, 'vault/packs');
    if (!fs.existsSync(dir)) return [];
    return fs.readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((each) => {
      return each.isFile() ? [path.join(each.parentPath, each.name)] : [];
    });
  }

  remove(): void {
    fs.rmSync(this.scratch, { recursive: true, force: true });
  }

  #discovery(cli: Cli, { disk = 'vda' }: RanWith): Discovery {
    const unflushedMax = seconds(5);
    const on = (name: string): FoundData['place'] => ({
      host: os.hostname(),
      beneath: { disks: [name], failuresSurvived: 0 },
      path: byteString(this.data),
    });
    const mount = {
      ...{ device: byteString('/dev/x'), type: 'ext4', class: 'local' as const, isReadOnly: false },
      ...{ bytes: 1e12, freeBytes: 1e12, answer: 'answered' as const, stack: undefined },
      unflushedMax,
    };
    const beneath = (name: string) => ({ disks: [name], failuresSurvived: 0 });
    return {
      host: os.hostname(),
      seenAt: cli.clock.now(),
      tookMs: durationMs(10),
      user: { name: 'tester', isRoot: false },
      disks: [],
      fileSystems: [
        { ...mount, mountPoint: byteString('/'), beneath: beneath('vda') },
        { ...mount, mountPoint: byteString(this.state), beneath: beneath(disk) },
      ],
      data: [
        {
          ...{ kind: 'tree', path: byteString(this.data), place: on('vda'), bytes: 300_015 },
          ...{ entries: 4, newestChange: undefined, isComplete: true, isInUse: false, notes: [] },
          unflushedMax,
        },
      ],
      backups: [],
      looked: [],
      notSeen: [],
    };
  }
}

const NEVER: Stop = {
  isAsked: () => false,
  work: () => undefined,
  rest: () => undefined,
  sleep: () => Promise.reject(new Error('a single round does not wait')),
};

/** What is said of the one data set and a kind of thing that can go. */
export function exposureTo({ view }: UpOutcome, kind: Exposure['domain']['kind']): Exposure {
  const row = view.exposure.find(({ domain }) => domain.kind === kind);
  if (row === undefined) throw new Error(`nothing is said of a ${kind}`);
  return row;
}

export function onlyDone({ view }: UpOutcome): Protected {
  const [done] = view.done;
  if (done?.kind !== 'protected') throw new Error('nothing was protected');
  return done;
}

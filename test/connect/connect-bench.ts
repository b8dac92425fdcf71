/** A repository of a real tool in a private directory, opened as `holdfast connect` opens it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { ToolRunner } from '../../src/adapters/backup-tool/tool-runner.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { minutes, type DurationMs } from '../../src/base/units.ts';
import type { Cli } from '../../src/main/cli/cli.ts';
import { StopSignals } from '../../src/main/cli/stop-signals.ts';
import { connectOne } from '../../src/main/connect/connect.ts';
import type {
  ConnectParts,
  ConnectResult,
  SampleAsked,
} from '../../src/main/connect/connect-parts.ts';
import { takeScratch } from '../../src/main/connect/connect-scratch.ts';
import { type Refreshed, refreshOne } from '../../src/main/connect/refresh.ts';
import { repositoryNamed } from '../../src/main/connect/repository-named.ts';
import { namedSource, type SecretOptions } from '../../src/main/connect/repository-secret.ts';
import type { ConnectTool } from '../../src/watch/core/connected.ts';
import type { Discovery, FoundData } from '../../src/watch/core/discovery.ts';
import { DISCOVERY, dataAt, fileSystemAt } from '../watch/discovery-example.ts';

const STYLE = { width: 80, color: false, utf8: true };
const signals = new StopSignals(() => undefined);

export interface Asked extends SecretOptions {
  readonly tool: ConnectTool;
  readonly repository?: string;
  readonly sample?: SampleAsked;
  readonly seed?: number;
  readonly limit?: DurationMs;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Cli['clock'];
}

export class ConnectBench {
  readonly dir: string;
  readonly state: string;
  #data: readonly FoundData[] = [];

  /** @param beside one whose files this one only reads; its state is its own */
  constructor(t: TestContext | undefined, beside?: ConnectBench) {
    const own = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'hf-connect-')));
    this.dir = beside?.dir ?? own;
    this.state = path.join(own, 'state');
    t?.after(() => fs.rmSync(own, { recursive: true, force: true }));
  }

  at(...names: readonly string[]): string {
    return path.join(this.dir, ...names);
  }

  write(name: string, content: string | Uint8Array = name): string {
    const file = this.at(name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    return file;
  }

  /** What discovery is to have found here. */
  found(...data: readonly (string | Partial<FoundData>)[]): void {
    this.#data = data.map((each) =>
      typeof each === 'string' ? dataAt(each) : dataAt(each.path ?? '/', each),
    );
  }

  discovery(): Discovery {
    const host = os.hostname();
    const fileSystems = [fileSystemAt('/')];
    return { ...DISCOVERY, host, fileSystems, data: this.#data, backups: [], notSeen: [] };
  }

  /** Runs a tool as a team would. */
  tool(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): string {
    const done = spawnSync(program, args, {
      cwd: this.dir,
      env: { PATH: process.env.PATH ?? '', HOME: this.dir, TZ: 'UTC', LC_ALL: 'C.UTF-8', ...env },
      encoding: 'utf8',
    });
    assert.equal(done.status, 0, `${program} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
    return done.stdout;
  }

  connect(asked: Asked): Promise<ConnectResult> {
    return this.with(asked, async (parts) => {
      const named = repositoryNamed(parts.cli, asked.tool, asked.repository);
      const source = namedSource(parts.cli, asked.tool, asked);
      const known = await parts.ledger.connected();
      const before = known.find(({ repository }) => repository === named.shown);
      const { sample, seed = 1 } = asked;
      return connectOne(parts, { named, source, before, sample, seed });
    });
  }

  refresh(of: Pick<Asked, 'env' | 'limit'> = {}): Promise<readonly Refreshed[]> {
    return this.with(of, async (parts) => {
      const done: Refreshed[] = [];
      for (const each of await parts.ledger.connected()) {
        done.push(await refreshOne(parts, each, { sample: undefined, seed: 1 }));
      }
      return done;
    });
  }

  async with<T>(
    { env, limit = minutes(2), clock }: Pick<Asked, 'env' | 'limit' | 'clock'>,
    act: (parts: ConnectParts) => Promise<T>,
  ): Promise<T> {
    const scratch = takeScratch(byteString(this.state));
    const ledger = await openLedger(path.join(this.state, 'state.db'));
    try {
      return await act({
        cli: { ...this.#cli(env), ...(clock === undefined ? {} : { clock }) },
        ledger,
        runner: new ToolRunner(),
        scratch,
        discovery: this.discovery(),
        own: [byteString(this.state)],
        limit,
        step: () => undefined,
      });
    } finally {
      await ledger.close();
      scratch.release();
    }
  }

  #cli(env: Readonly<Record<string, string>> = {}): Cli {
    return {
      env: { PATH: process.env.PATH ?? '', HOME: this.dir, ...env },
      cwd: byteString(this.dir),
      terminal: {
        ...{ style: STYLE, errorStyle: STYLE, isLive: false, canAsk: false },
        ...{ out: () => undefined, err: () => undefined },
      },
      clock: nodeClock(),
      stop: signals,
      wantsJson: false,
    };
  }
}

/** Every path below with its mode, owner, times and bytes: two that are equal were not written to. */
export function fingerprint(root: string): string {
  const lines = fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .sort()
    .map((name) => {
      const file = path.join(root, name);
      const stat = fs.lstatSync(file, { bigint: true });
      const content = stat.isFile()
        ? createHash('sha256').update(fs.readFileSync(file)).digest('hex')
        : '';
      return [name, stat.mode, stat.uid, stat.mtimeNs, stat.ctimeNs, content].join(' ');
    });
  return lines.join('\n');
}

export function faultOf(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code, `${error.code}: ${error.message}`);
    return true;
  };
}

/** One bit, in the middle. */
export function flipBit(file: string): void {
  const bytes = fs.readFileSync(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.chmodSync(file, 0o600);
  fs.writeFileSync(file, bytes);
}

export function largestBelow(root: string): string {
  const [largest = ''] = fs
    .readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(root, name))
    .filter((file) => fs.statSync(file).isFile())
    .sort((one, other) => fs.statSync(other).size - fs.statSync(one).size);
  return largest;
}

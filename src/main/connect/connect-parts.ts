import type { KeepOptions } from '../../adapters/backup-tool/keep-options.ts';
import type { ToolRunner } from '../../adapters/backup-tool/tool-runner.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { DurationMs } from '../../base/units.ts';
import type { ConnectedRepository, SecretSource } from '../../watch/core/connected.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { SampleDrill } from '../../watch/core/sample-verdict.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Cli } from '../cli/cli.ts';
import type { ConnectScratch } from './connect-scratch.ts';
import type { NamedRepository } from './repository-named.ts';

/** What looking into repositories acts through. */
export interface ConnectParts {
  readonly cli: Cli;
  readonly ledger: EvidenceLedger;
  readonly runner: ToolRunner;
  readonly scratch: ConnectScratch;
  readonly discovery: Discovery;
  /** Holdfast's own directories. */
  readonly own: readonly ByteString[];
  /** Of one listing, and of one restore. */
  readonly limit: DurationMs;
  readonly step: (text: string) => void;
}

/** What is wanted of one repository. */
export interface ConnectAsked {
  readonly named: NamedRepository;
  /** Undefined: nothing was said, and what needs none is tried first. */
  readonly source: SecretSource | undefined;
  /** The last look, where there was one. */
  readonly before: ConnectedRepository | undefined;
  readonly sample: SampleAsked | undefined;
  readonly seed: number;
}

export interface SampleAsked {
  /** Undefined: all that is in the point. */
  readonly bytesMax: number | undefined;
}

/** An engine was started on a restore, or why not. */
export interface ClusterDrill {
  readonly stanza: string;
  readonly point: string;
  readonly dataSet: ByteString | undefined;
  readonly startedAt: ConnectedRepository['openedAt'];
  readonly tookMs: DurationMs;
  readonly files: number;
  readonly bytes: number;
  /** Undefined: no engine of its version is here. */
  readonly isStarted: boolean | undefined;
  readonly isRestored: boolean;
  readonly said: string;
}

/** What one look into one repository showed. */
export interface ConnectResult extends Looked {
  /** What its job says that it keeps, where discovery found that. */
  readonly configured: KeepOptions | undefined;
}

export interface Looked {
  readonly repository: ConnectedRepository;
  readonly missing: readonly string[];
  readonly sample: SampleDrill | undefined;
  readonly clusters: readonly ClusterDrill[];
  /** Why nothing was drilled, where it was asked for. */
  readonly whyNotDrilled: string | undefined;
}

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault, type FaultCode } from '../../base/fault.ts';
import { type DurationMs, seconds } from '../../base/units.ts';
import type { ConnectedPoint } from '../../watch/core/connected.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { parseOutput } from '../backup-tool/parse-output.ts';
import { checkVersion, toolFault } from '../backup-tool/tool-fault.ts';
import { environmentOf, type ToolPlace } from '../backup-tool/tool-place.ts';
import type { ToolEnd } from '../backup-tool/tool-runner.ts';
import {
  type Info,
  infoSchema,
  systemIdsOf,
  whyUnread,
  withoutControls,
} from './pgbackrest-json.ts';

const TOOL = 'pgbackrest';
const LEAST = [2, 41] as const;
/** Where it logs, locks and keeps things is ours to say; its repository is in what is given. */
const OWN = /^PGBACKREST_(?:LOG|LOCK|SPOOL|CONFIG|STANZA|PG\d|OUTPUT|DELTA|FORCE|SET|TYPE|TARGET)/;

const KNOWN: readonly (readonly [FaultCode, RegExp])[] = [
  [
    'HF_CONNECT_SECRET_REFUSED',
    /cipher (?:header|type)|unable to flush|\[0?(?:95|101|102)\]|requires option: repo1-cipher-pass/i,
  ],
  ['HF_CONNECT_DAMAGED', /checksum|invalid checksum|corrupt/i],
  ['HF_CONNECT_LOCKED', /unable to acquire lock/i],
  [
    'HF_CONNECT_ABSENT',
    /does not exist|missing stanza|unable to (?:open|list|find)|Permission denied|unable to connect/i,
  ],
];

/** A cluster in the repository, with the data directory here that it was made of, if that is known. */
export interface BackedCluster {
  readonly stanza: string;
  readonly version: string;
  readonly systemId: string | undefined;
  /** As the configuration names it: `pg1-path`. */
  readonly named: ByteString | undefined;
  readonly points: readonly (ConnectedPoint & { readonly bytes: number })[];
}

export interface ClusterListing {
  readonly id: string;
  readonly isEncrypted: boolean;
  readonly clusters: readonly BackedCluster[];
}

/** A repository of pgBackRest, by itself; logs, locks and spool are private and thrown away. */
export class PgbackrestRepository {
  readonly #place: ToolPlace;
  readonly #config: ByteString | undefined;
  readonly #home: string;

  /** @param config the tool's own configuration; undefined: the address is a directory */
  constructor(place: ToolPlace, config: ByteString | undefined) {
    this.#place = place;
    this.#config = config;
    this.#home = join(place.scratch, 'pgbackrest-home');
    mkdirSync(this.#home, { recursive: true, mode: 0o700 });
  }

  async list(): Promise<ClusterListing> {
    const version = await this.#run(['version'], seconds(30));
    checkVersion({ tool: TOOL, said: version.output, least: LEAST, below: 3 });
    const end = await this.#run(['info', '--output=json'], this.#place.limit);
    if (end.code !== 0 || end.isTimedOut) throw this.#fault(end);
    const of = { tool: TOOL, repository: this.#place.shown, what: 'info' };
    const text = withoutControls(end.output);
    const info = parseOutput(text, infoSchema, of);
    this.#refuseUnread(info);
    if (info.length === 0) {
      const { shown } = this.#place;
      const facts = { tool: TOOL, repository: shown };
      throw new Fault('HF_CONNECT_ABSENT', `pgBackRest finds no stanza in ${shown}`, facts);
    }
    const ids = systemIdsOf(text);
    const clusters = info.map((stanza) => this.#clusterOf(stanza, ids));
    const isEncrypted = info.some(({ cipher }) => cipher !== undefined && cipher !== 'none');
    // It has no id of its own: that of its clusters tells it from another.
    const known = [...new Set(ids.values())];
    return { id: known.sort().join(','), isEncrypted, clusters };
  }

  /** A whole cluster, to be recovered to where it is consistent, and no further. */
  restore(of: {
    readonly stanza: string;
    readonly label: string;
    readonly target: string;
    readonly limit: DurationMs;
  }): Promise<ToolEnd> {
    const { stanza, label, target, limit } = of;
    return this.#run(
      [
        'restore',
        `--stanza=${stanza}`,
        `--set=${label}`,
        `--pg1-path=${target}`,
        // Else it would write where the tablespaces of the live cluster lie.
        `--tablespace-map-all=${target}.tablespaces`,
        '--type=immediate',
        '--target-action=promote',
        '--process-max=1',
        // What is damaged stays so: trying again costs half a minute each time.
        '--job-retry=0',
      ],
      limit,
    );
  }

  fault(end: ToolEnd): Error {
    return this.#fault(end);
  }

  #refuseUnread(info: Info): void {
    const why = whyUnread(info, this.#place.secret !== undefined);
    if (why === undefined) return;
    const { shown, secret } = this.#place;
    const facts = { tool: TOOL, repository: shown };
    if (why === 'damaged') {
      const message = `pgBackRest cannot read what stands in ${shown} about its backups`;
      throw new Fault('HF_CONNECT_DAMAGED', message, facts);
    }
    const given = secret === undefined ? 'without a passphrase' : 'with the passphrase given';
    const message = `${shown} is encrypted or damaged: it cannot be read ${given}`;
    throw new Fault('HF_CONNECT_SECRET_REFUSED', message, facts);
  }

  #clusterOf(stanza: Info[number], ids: ReadonlyMap<string, string>): BackedCluster {
    const last = stanza.db.at(-1);
    const named = this.#pathOf(stanza.name);
    return {
      stanza: stanza.name,
      version: last?.version ?? '',
      systemId: ids.get(`${stanza.name}/${last?.id ?? 0}`),
      named,
      points: stanza.backup
        .filter(({ error, database }) => error !== true && database.id === last?.id)
        .map(({ label, type, timestamp, info }) => ({
          id: `${stanza.name}/${label}`,
          // Restored with its WAL it is as it was at the end.
          time: timestamp.stop,
          host: undefined,
          paths: named === undefined ? [] : [named],
          tags: [type],
          bytes: info.size,
        })),
    };
  }

  /** `pg1-path` below `[stanza]` in its configuration. */
  #pathOf(stanza: string): ByteString | undefined {
    if (this.#config === undefined) return undefined;
    const text = readFileSync(fsPath(this.#config), 'latin1');
    const sections = text.split(/^\[/m);
    const own = sections.find((section) => section.startsWith(`${stanza}]`));
    const path = /^\s*pg1-path\s*=\s*(\/\S*)/m.exec(own ?? '')?.[1];
    return path === undefined ? undefined : byteString(path.replace(/(?<=.)\/+$/, ''));
  }

  #run(args: readonly string[], limit: DurationMs): Promise<ToolEnd> {
    const { runner, repository, secret, scratch } = this.#place;
    const where =
      this.#config === undefined
        ? ['--no-config', `--repo1-path=${repository}`]
        : [`--config=${Buffer.from(this.#config, 'latin1').toString('utf8')}`];
    const own = [
      ...where,
      '--log-level-file=off',
      '--log-level-console=off',
      '--log-level-stderr=error',
      `--lock-path=${this.#home}`,
    ];
    const isVersion = args[0] === 'version';
    const word = secret === undefined ? undefined : Buffer.from(secret).toString('utf8');
    return runner.run({
      program: TOOL,
      args: [...args, ...(isVersion ? [] : own)],
      env: {
        ...environmentOf(this.#place, OWN),
        // It reads no descriptor; an environment is seen by its own user only.
        ...(word === undefined
          ? {}
          : { PGBACKREST_REPO1_CIPHER_PASS: word, PGBACKREST_REPO1_CIPHER_TYPE: 'aes-256-cbc' }),
        TMPDIR: scratch,
      },
      cwd: scratch,
      secret: undefined,
      limit,
    });
  }

  #fault(end: ToolEnd): Error {
    return toolFault(end, { tool: TOOL, repository: this.#place.shown, known: KNOWN });
  }
}

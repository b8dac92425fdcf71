/**
 * What the dry run of rsync found to differ, as the list that the run is given: it looks at nothing
 * else, so that what appears or changes elsewhere meanwhile waits for the next run.
 */
import fs from 'node:fs';
import { fsPath } from '../../../adapters/node/syscalls-path.ts';
import { type ListedSource, listedSource } from '../../../adapters/rsync/rsync-list.ts';
import type { RsyncCommand } from '../../../adapters/rsync/parse-rsync.ts';
import { runArguments, type RunOptions } from '../../../adapters/rsync/rsync-arguments.ts';
import { PRINTING } from '../../../adapters/rsync/rsync-options.ts';
import type { ByteString } from '../../../base/bytes.ts';
import type { WrappedChange } from '../../../guard/core/wrapped.ts';
import { isBelowAny } from '../../../guard/shell/apply-order.ts';
import { lstatOf, walkedFrom } from './explicit-places.ts';
import { bytesOfText } from '../../cli/places.ts';
import type { CommandCall, Guarded } from './wrapped.ts';

/** They make nothing that is not there: what they create takes the place of another kind, which is aside by now. */
const MAKING_NOTHING = new Set(['existing', 'ignore-non-existing']);
/** Usage, protocol, not supported, and a stream that ended: what an rsync says that knows no such list. */
const NOT_TAKEN = new Set([1, 2, 4, 12]);

export class RsyncListRun {
  readonly #command: RsyncCommand;
  readonly #source: ListedSource | undefined;
  readonly #sourceFile: Guarded['sourceFile'];
  #told: WrappedChange[] = [];
  #isWhole = false;

  constructor(
    command: RsyncCommand,
    of: { readonly cwd: ByteString; readonly sourceFile: Guarded['sourceFile'] },
  ) {
    this.#command = command;
    this.#sourceFile = of.sourceFile;
    this.#source = listedSource(
      command,
      (path) => lstatOf(walkedFrom(of.cwd, bytesOfText(path)))?.isDirectory() === true,
    );
  }

  /** Told of each in turn, by a dry run. */
  note(change: WrappedChange): void {
    if (this.#source !== undefined) this.#told.push(change);
  }

  /** @param isWhole it has seen all that it was asked for */
  listed(isWhole: boolean): void {
    this.#isWhole = isWhole;
  }

  /** @param options without a list */
  call(options: RunOptions, input: Uint8Array | undefined): CommandCall {
    const whole = { argv: this.#argv(options), input };
    const source = this.#source;
    const isAll = options.createsOnly === undefined;
    const told = this.#told.filter(({ what }) => what === 'create' || (isAll && what === 'update'));
    const isMade = isAll && told.some(({ what }) => what === 'create');
    // What came back meanwhile is brought, so that it is not taken for what was judged.
    const gone = isAll && source?.isFiltered === false ? this.#gone() : [];
    if (source === undefined || !this.#isWhole || !this.#hasWholeGroups(source, told)) return whole;
    const named = [...told, ...gone];
    if (named.length === 0 && this.#printsNothing()) return { argv: [] };
    const isTopAlone = named.every(({ path }) => path === '');
    const list = { below: source.base, isTopAlone };
    const listed = {
      argv: this.#argv({ ...options, list }, isMade ? MAKING_NOTHING : undefined),
      input: listOf(named, source),
    };
    if (this.#command.sources[0]?.kind === 'local') return listed;
    const { backupDir } = options;
    // What was overwritten once is not overwritten by a second run, and what was kept of it.
    const otherwise = (code: number): CommandCall | undefined =>
      NOT_TAKEN.has(code) && isEmpty(backupDir) ? whole : undefined;
    return { ...listed, otherwise };
  }

  /** What goes as a whole, or makes way for something else, stands for all in it. */
  #gone(): readonly WrappedChange[] {
    const tops = new Set<ByteString>();
    for (const change of this.#told) {
      if (change.what === 'delete' || (change.what === 'create' && !change.isDir)) {
        tops.add(change.path);
      }
    }
    return this.#told.filter(({ what, path }) => what === 'delete' && !isBelowAny(tops, path));
  }

  #argv(options: RunOptions, drops?: ReadonlySet<string>): readonly string[] {
    const kept = this.#command.options.filter(({ name }) => drops?.has(name) !== true);
    return [this.#command.program, ...runArguments({ ...this.#command, options: kept }, options)];
  }

  #hasWholeGroups({ wholeGroups }: ListedSource, told: readonly WrappedChange[]): boolean {
    return !wholeGroups || told.every((change) => this.#isAlone(change));
  }

  #isAlone({ path }: WrappedChange): boolean {
    const file = this.#sourceFile(path);
    const stat = file === undefined ? undefined : lstatOf(file);
    return stat !== undefined && (stat.isDirectory() || stat.nlink === 1);
  }

  #printsNothing(): boolean {
    return this.#command.options.every(({ name }) => name === 'quiet' || !PRINTING.has(name));
  }
}

/** By `./` the top directory comes along; named beside others it would bring all that lies in it. */
function listOf(all: readonly WrappedChange[], { isContent }: ListedSource): Uint8Array {
  const named = all.length === 1 ? all : all.filter(({ path }) => path !== '');
  const top = isContent ? './' : '';
  return Buffer.from(named.map(({ path }) => `${top}${path}\0`).join(''), 'latin1');
}

function isEmpty(dir: string | undefined): boolean {
  if (dir === undefined) return true;
  return fs.readdirSync(fsPath(bytesOfText(dir))).length === 0;
}

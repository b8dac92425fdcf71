/** What changed between two manifests, as lines: docs/format/sync-stdio.md, EDITS. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { diffManifests } from '../../manifest/core/diff.ts';
import { ManifestEditor } from '../../manifest/core/edit.ts';
import { encodeEntry, type Entry, type FileEntry, parseEntry } from '../../manifest/core/entry.ts';
import { LINE_SIZE_MAX, sizeOfLine } from '../../manifest/core/entry-line.ts';
import { comparePaths } from '../../manifest/core/order.ts';
import type { TreeRoot } from '../../manifest/core/page.ts';
import type { LoadPage } from '../../manifest/core/page-load.ts';
import { leafRefs } from '../../manifest/core/walk.ts';
import type { Digest } from '../../base/bytes.ts';
import { demandSync } from './sync-frame.ts';

/** Lines, each with its end. */
export function* editLines(of: {
  readonly before: Digest;
  readonly after: Digest;
  readonly load: LoadPage;
  readonly onChanged?: (before: Entry, after: Entry) => void;
}): Generator<ByteString> {
  for (const difference of diffManifests(of)) {
    if (difference.kind === 'changed') of.onChanged?.(difference.before, difference.after);
    if (difference.kind === 'removed') {
      yield byteString(`-${JSON.stringify(difference.path)}\n`);
    } else {
      yield byteString(`+${encodeEntry(difference.after)}`);
    }
  }
}

/** Applies lines of somebody else to the manifest that is kept here. */
export class EditReader {
  readonly #editor: ManifestEditor;
  readonly #onPut: ((entry: Entry) => void) | undefined;
  #last: ByteString | undefined;

  constructor(of: {
    readonly base: Digest;
    readonly load: LoadPage;
    readonly emit: (text: ByteString) => Digest;
    readonly onPut?: (entry: Entry) => void;
  }) {
    this.#onPut = of.onPut;
    const old = leafRefs({ root: of.base, load: of.load });
    this.#editor = new ManifestEditor({ old, load: of.load, emit: of.emit });
  }

  /** @throws Fault HF_SYNC_PROTOCOL */
  add(text: ByteString): void {
    demandSync(text.endsWith('\n'), 'an edit has no end');
    for (const line of text.slice(0, -1).split('\n')) this.#edit(byteString(line));
  }

  /** @throws Fault HF_SYNC_PROTOCOL */
  finish(): TreeRoot {
    return sound(() => this.#editor.finish());
  }

  #edit(line: ByteString): void {
    demandSync(line.length <= LINE_SIZE_MAX, 'an edit is too long');
    const rest = byteString(line.slice(1));
    if (line.startsWith('+')) {
      const entry = sound(() => parseEntry(rest));
      const { path } = entry;
      this.#advance(path);
      const whole = byteString(`${rest}\n`);
      this.#editor.put(path, whole, sizeOfLine(whole));
      this.#onPut?.(entry);
    } else {
      demandSync(line.startsWith('-'), 'an edit is of an unknown kind');
      const path = pathOf(rest);
      this.#advance(path);
      this.#editor.remove(path);
    }
  }

  #advance(path: ByteString): void {
    const isLater = this.#last === undefined || comparePaths(this.#last, path) < 0;
    demandSync(isLater, 'edits do not come in the order of paths');
    this.#last = path;
  }
}

function pathOf(text: ByteString): ByteString {
  const path: unknown = sound(() => JSON.parse(text));
  const isBytes = typeof path === 'string' && /^[\u0000-\u00ff]*$/.test(path);
  demandSync(isBytes, 'a path in an edit is no bytes');
  return byteString(path);
}

function sound<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    const isTheirs = error instanceof SyntaxError || error instanceof Fault;
    if (!isTheirs) throw error;
    const cause = { cause: error };
    const facts = { host: 'the other side' };
    throw new Fault('HF_SYNC_PROTOCOL', 'an edit of a manifest is not sound', facts, cause);
  }
}

/** The digest of a file of one chunk: such are told by their old version. */
export function patchable(entry: Entry | undefined): FileEntry['sha256'] {
  if (entry?.type !== 'file' || entry.cut !== undefined || entry.size === 0n) return undefined;
  return entry.sha256;
}

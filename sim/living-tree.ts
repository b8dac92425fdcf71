import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { minutes } from '../src/base/units.ts';
import type { Source } from '../src/host/source.ts';
import { STAT_MTIME, STAT_WORDS } from '../src/host/source.ts';
import type { TreeWriter } from '../src/host/tree-writer.ts';
import { Seeded } from './seeded.ts';
import type { SimClock } from './sim-clock.ts';
import { TreeHandles } from './tree-handles.ts';
import type { TreePicture } from './tree-picture.ts';
import { pictureOf } from './tree-picture.ts';
import { simSource } from './tree-source.ts';
import { simTreeWriter } from './tree-writer.ts';
import { SimVolume } from './volume.ts';

export const TREE_TOP = byteString('/srv/data');

/** A tree at one moment. Reading it changes nothing: many runs may capture the same. */
export interface FrozenTree {
  readonly volume: SimVolume;
  readonly picture: TreePicture;
}

export interface LivingTreeOptions {
  readonly seed: number;
  readonly clock: SimClock;
  /** Size of one file that is cut into several chunks; 0: none. */
  readonly largeFileBytes: number;
  /** Size of a disk image, cut at fixed offsets and shared out from 8 MiB on; undefined: none. */
  readonly imageBytes?: number;
}

const DIRS_FIRST = 4;
const FILES_FIRST = 10;
const STEPS_MAX = 6;
const FILE_SIZES = [0, 1, 300, 4096, 20_000, 90_000] as const;

/** Somebody's data, as somebody works on it: everything follows from the seed. */
export class LivingTree {
  readonly #volume = new SimVolume();
  readonly #handles = new TreeHandles(this.#volume);
  readonly #source: Source = simSource(this.#handles);
  readonly #writer: TreeWriter;
  readonly #seeded: Seeded;
  readonly #clock: SimClock;
  #count = 0;

  constructor({ seed, clock, largeFileBytes, imageBytes = 0 }: LivingTreeOptions) {
    this.#seeded = new Seeded(seed);
    this.#clock = clock;
    this.#writer = simTreeWriter(this.#handles, () => clock.nowNs());
    this.#writer.makeTop(TREE_TOP);
    for (let at = 0; at < DIRS_FIRST; at++) this.#makeDir();
    for (let at = 0; at < FILES_FIRST; at++) this.#makeFile(this.#content());
    if (largeFileBytes > 0) this.#makeFile(this.#noise(largeFileBytes));
    if (imageBytes > 0) this.#makeFile(this.#noise(imageBytes), byteString('disk.img'));
    this.#makeLink();
    this.#makeSymlink();
    this.#makeFifo();
  }

  /** Some changes, and mostly some time before the next backup: what is young is read again. */
  live(): void {
    const steps = 1 + this.#seeded.below(STEPS_MAX);
    for (let at = 0; at < steps; at++) this.#step();
    if (this.#seeded.isTrue(0.8)) this.#clock.pass(minutes(5));
  }

  /** An empty file at the top, or it goes again. */
  toggle(name: ByteString): void {
    const isThere = this.#paths('file').includes(byteString(`${TREE_TOP}/${name}`));
    this.#at(TREE_TOP, (dir) => {
      if (isThere) this.#writer.unlink(dir, name);
      else this.#writer.closeFile(this.#writer.createFile(dir, name, 0o644));
    });
    this.#clock.pass(minutes(5));
  }

  freeze(): FrozenTree {
    const top = this.#source.openRoot(TREE_TOP);
    this.#writer.syncAll(top);
    this.#source.closeDir(top);
    const [volume = this.#volume] = this.#volume.statesAfterCrash(0, 1);
    return { volume, picture: pictureOf(volume, TREE_TOP) };
  }

  #step(): void {
    const roll = this.#seeded.below(10);
    if (roll === 0) this.#makeDir();
    else if (roll <= 2) this.#makeFile(this.#content());
    else if (roll === 3) this.#remove();
    else if (roll === 4) this.#rename();
    else if (roll === 5) this.#chmod();
    else if (roll === 6) this.#rot();
    else if (roll === 7) this.#makeLink();
    else this.#rewrite();
  }

  #content(): Uint8Array {
    const size = FILE_SIZES[this.#seeded.below(FILE_SIZES.length)] ?? 0;
    return this.#seeded.isTrue(0.5) ? this.#noise(size) : this.#prose(size);
  }

  #noise(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    const words = new Uint32Array(Math.ceil(size / 4));
    for (let at = 0; at < words.length; at++) words[at] = this.#seeded.next() * 2 ** 32;
    bytes.set(new Uint8Array(words.buffer).subarray(0, size));
    return bytes;
  }

  /** Compresses well. */
  #prose(size: number): Uint8Array {
    const word = `${this.#seeded.below(1000)} words and more words. `;
    return Buffer.from(word.repeat(Math.ceil(size / word.length)).slice(0, size));
  }

  #newName(kind: string): ByteString {
    this.#count += 1;
    // Names need not be UTF-8, and may hold a newline.
    const odd = ['', ' ', '\n', '\xff', '\xc3\xa4'] as const;
    return byteString(`${kind}${this.#count}${this.#seeded.pick(odd)}`);
  }

  #makeDir(): void {
    this.#in((dir) => this.#writer.makeDir(dir, this.#newName('d')));
  }

  #makeFile(content: Uint8Array, name = this.#newName('f')): void {
    this.#in((dir) => {
      const file = this.#writer.createFile(dir, name, 0o644);
      if (content.length > 0) this.#writer.write(file, content, 0);
      this.#writer.closeFile(file);
    });
  }

  #makeSymlink(): void {
    this.#in((dir) => this.#writer.makeSymlink(dir, this.#newName('s'), byteString('../none')));
  }

  #makeFifo(): void {
    const node = { type: 'fifo', major: 0, minor: 0 } as const;
    this.#in((dir) => this.#writer.makeNode(dir, this.#newName('p'), node));
  }

  #makeLink(): void {
    this.#withFile((dir, name) =>
      this.#in((into) =>
        this.#writer.makeLink({ dir, name }, { dir: into, name: this.#newName('l') }),
      ),
    );
  }

  #remove(): void {
    this.#withFile((dir, name) => this.#writer.unlink(dir, name));
  }

  #rename(): void {
    this.#withFile((dir, name) =>
      this.#in((into) =>
        this.#writer.rename({ dir, name }, { dir: into, name: this.#newName('r') }),
      ),
    );
  }

  #chmod(): void {
    const mode = this.#seeded.pick([0o600, 0o640, 0o755, 0o4755]);
    this.#withFile((dir, name) => this.#writer.setAttributesAt({ dir, name }, { mode }));
  }

  #rewrite(): void {
    this.#withFile((dir, name) => {
      const file = this.#writer.openFile(dir, name);
      const content = this.#content();
      this.#writer.truncate(file, content.length);
      if (content.length > 0) this.#writer.write(file, content, 0);
      this.#writer.closeFile(file);
    });
  }

  /** Other bytes of the same length, and the old mtime set again: only ctime tells. */
  #rot(): void {
    this.#withFile((dir, name) => {
      const words = new BigInt64Array(STAT_WORDS);
      this.#source.stat(dir, name, words);
      const file = this.#writer.openFile(dir, name);
      this.#writer.write(file, this.#noise(Math.max(1, Number(words[1]))), 0);
      this.#writer.setAttributes(file, { mtimeNs: words[STAT_MTIME] ?? 0n });
      this.#writer.closeFile(file);
    });
  }

  /** Some directory of the tree, open while `act` runs. */
  #in<T>(act: (dir: number) => T): T {
    const dirs = this.#paths('dir');
    return this.#at(dirs[this.#seeded.below(dirs.length)] ?? TREE_TOP, act);
  }

  #withFile(act: (dir: number, name: ByteString) => void): void {
    const files = this.#paths('file');
    const path = files[this.#seeded.below(files.length)];
    if (path === undefined) return;
    const at = path.lastIndexOf('/');
    this.#at(byteString(path.slice(0, at)), (dir) => act(dir, byteString(path.slice(at + 1))));
  }

  #at<T>(path: ByteString, act: (dir: number) => T): T {
    const dir = this.#source.openRoot(path);
    try {
      return act(dir);
    } finally {
      this.#source.closeDir(dir);
    }
  }

  #paths(kind: 'dir' | 'file'): ByteString[] {
    const found: ByteString[] = [];
    const visit = (path: ByteString): void => {
      const { kind: here, entries } = this.#volume.inode(this.#volume.find(path));
      if (here === kind) found.push(path);
      for (const name of entries.keys()) visit(byteString(`${path}/${name}`));
    };
    visit(TREE_TOP);
    return found;
  }
}

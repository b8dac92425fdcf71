/** Which installation this is, and which trees it knows: docs/format/tree-marker.md. */
import { byteString, type ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayName } from '../../base/say-name.ts';
import { bytesOfUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import {
  type Incarnation,
  installText,
  isTreeIdentity,
  parseInstall,
} from '../core/tree-marker.ts';
import {
  parseRegistry,
  registryText,
  type TreeEntry,
  type TreeEvent,
  type TreeRecord,
  withRecord,
} from '../core/tree-registry.ts';
import { drawnHex, type WholeFilePorts, replaceFile } from '../../vault/shell/whole-file.ts';

const INSTALL_DIGITS = 32;
const IDENTITY_DIGITS = 16;

export class TreeBook {
  readonly #ports: WholeFilePorts;
  readonly #guard: ByteString;
  readonly #machine: string;

  /** @param of `state`: the state directory; `machine`: as `machineIdHere`, empty where there is none */
  constructor(ports: WholeFilePorts, of: { readonly state: ByteString; readonly machine: string }) {
    this.#ports = ports;
    this.#guard = byteString(`${of.state}/guard`);
    this.#machine = of.machine;
  }

  /**
   * Drawn where there is none yet, or where the one that is there was drawn on another machine: a
   * clone took it along. @throws Fault HF_DISK_..., HF_TREE_INVALID
   *
   * @param hardware of this machine, where that could be read
   */
  incarnation(hardware?: string): Incarnation {
    const file = byteString(`${this.#guard}/install.json`);
    const text = this.#text(file);
    const known = text === undefined ? undefined : parseInstall(text);
    if (text !== undefined && known === undefined) throw invalid(file);
    const was = known?.hardware;
    const isHere = was === undefined || hardware === undefined || was === hardware;
    const isOurs = known?.machine === this.#machine && isHere;
    if (isOurs && (was !== undefined || hardware === undefined)) return known;
    const install = isOurs ? known.install : drawnHex(this.#ports, INSTALL_DIGITS);
    const carrier = hardware === undefined ? {} : { hardware };
    const written = { install, machine: this.#machine, ...carrier };
    this.#write(file, installText(written));
    return written;
  }

  newIdentity(): string {
    return `t-${drawnHex(this.#ports, IDENTITY_DIGITS)}`;
  }

  /** All trees. @throws Fault HF_TREE_INVALID for a file that is not as it was written */
  entries(): readonly TreeEntry[] {
    const names = this.#ports.disk.list(this.#trees()) ?? [];
    return names.flatMap((name) => {
      const identity = /^(t-[0-9a-f]{16})\.json$/.exec(name)?.[1];
      return identity === undefined ? [] : (this.entry(identity) ?? []);
    });
  }

  entry(identity: string): TreeEntry | undefined {
    if (!isTreeIdentity(identity)) return undefined;
    const file = byteString(`${this.#trees()}/${identity}.json`);
    const text = this.#text(file);
    if (text === undefined) return undefined;
    const entry = parseRegistry(text);
    if (entry?.identity !== identity) throw invalid(file);
    return entry;
  }

  /** Durable when it returns. What another tree had at this place is forgotten: it is there no more. */
  record(identity: string, record: TreeRecord, event?: TreeEvent): TreeEntry {
    for (const other of this.entries()) {
      const places = other.places.filter(({ place }) => place !== record.place);
      const isElsewhere = other.identity !== identity && places.length < other.places.length;
      if (isElsewhere) this.#put({ ...other, places });
    }
    const known = this.entry(identity) ?? { identity, places: [], history: [] };
    const entry = withRecord(known, record, event);
    this.#put(entry);
    return entry;
  }

  #put(entry: TreeEntry): void {
    this.#write(byteString(`${this.#trees()}/${entry.identity}.json`), registryText(entry));
  }

  #trees(): ByteString {
    return byteString(`${this.#guard}/trees`);
  }

  #text(file: ByteString): string | undefined {
    const { disk, tools } = this.#ports;
    if (disk.size(file) === undefined) return undefined;
    return utf8Of(tools.codec.textOf(disk.read(file)));
  }

  #write(file: ByteString, text: string): void {
    const { codec } = this.#ports.tools;
    replaceFile(this.#ports, file, codec.bytesOf(bytesOfUtf8(text)));
  }
}

function invalid(file: ByteString): Fault {
  const path = sayName(file);
  return new Fault('HF_TREE_INVALID', `${path} is not as it was written`, { path });
}

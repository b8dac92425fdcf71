import type { ByteString } from '../../../base/bytes.ts';
import type { BackupTool } from '../discovery.ts';

/** What people say of an estate, in holdfast.yaml. */
export interface DeclaredEstate {
  readonly hosts: readonly string[];
  readonly dataSets: readonly DeclaredDataSet[];
  readonly services: readonly DeclaredService[];
  readonly domains: readonly DeclaredDomain[];
  readonly points: readonly DeclaredPoint[];
}

export interface DeclaredDataSet {
  readonly name: string;
  /** Undefined: the machine that reads the file, which was not looked at. */
  readonly host: string | undefined;
  readonly paths: readonly ByteString[];
}

export interface DeclaredService {
  readonly name: string;
  readonly dataSets: readonly string[];
}

/** Hosts that fail together: `site` `a`. */
export interface DeclaredDomain {
  readonly kind: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

export interface DeclaredPoint {
  readonly name: string;
  readonly tool: BackupTool;
  readonly repository: string | undefined;
  /** Undefined: of any host. */
  readonly hosts: readonly string[] | undefined;
}
